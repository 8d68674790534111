//go:build lab

package host_test

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var always = migration.Autostart{Always: true}

func TestAutostart(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	uuid := w.StartGuest(t, lab.GuestSpec{Bare: true}).UUID
	for _, on := range []migration.Autostart{always, always, {Always: true, Once: true}, {Once: true}, {}} {
		if err := h.SetAutostart(testContext(t), uuid, on); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Autostart(testContext(t), uuid); got != on || err != nil {
			t.Errorf("autostart is %+v, %v, want %+v", got, err, on)
		}
	}
	const nobody = "00000000-0000-4000-8000-00000000dead"
	if _, err := h.Autostart(testContext(t), nobody); !errors.Is(err, migration.ErrNoDomain) {
		t.Errorf("autostart of no domain: %v", err)
	}
	if err := h.SetAutostart(testContext(t), nobody, always); !errors.Is(err, migration.ErrNoDomain) {
		t.Errorf("set autostart of no domain: %v", err)
	}
}

func TestTransientHasNoAutostart(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	uuid := w.StartGuest(t, lab.GuestSpec{Bare: true, Transient: true}).UUID
	if on, err := h.Autostart(testContext(t), uuid); !on.Off() || err != nil {
		t.Errorf("autostart is %+v, %v", on, err)
	}
	if err := h.SetAutostart(testContext(t), uuid, always); err == nil {
		t.Error("a transient domain took autostart")
	}
}

// While a domain migrates, autostart can be read, and is not set: libvirt would do that
// after the migration, wherever the domain is then.
func TestAutostartInMidMove(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	uuid := w.StartGuest(t, lab.UntamableGuest("")).UUID
	if err := source.SetAutostart(testContext(t), uuid, always); err != nil {
		t.Fatal(err)
	}
	p := migration.Parameters{
		Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(10))}), Persistent: true, MigrationURI: destination.MigrationURI(),
	}
	ended := startMigration(t, source, uuid, destination.PeerURI(), p)
	for _, test := range []struct {
		host *host.Host
		on   migration.Autostart
	}{{source, always}, {destination, migration.Autostart{}}} {
		if on, err := test.host.Autostart(testContext(t), uuid); on != test.on || err != nil {
			t.Errorf("on %s autostart is %+v, %v, want %+v", test.host.Name(), on, err, test.on)
		}
		began := time.Now()
		if err := test.host.SetAutostart(testContext(t), uuid, migration.Autostart{Once: true}); !errors.Is(err, migration.ErrBusy) {
			t.Errorf("%s: %v, want ErrBusy", test.host.Name(), err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s refused after %s", test.host.Name(), took)
		}
	}
	abortMigration(t, source, uuid, ended)
	if on, err := source.Autostart(testContext(t), uuid); on != always || err != nil {
		t.Errorf("after it autostart is %+v, %v", on, err)
	}
}

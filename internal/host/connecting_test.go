//go:build lab

package host_test

import (
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// While libvirt connects to a host whose firewall drops all packets, it holds the domain's
// job and says so; where QEMU connects, it does not.
func TestJobHeldWhileLibvirtConnects(t *testing.T) {
	w := world(t)
	w.HealAfter(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	if err := w.Hosts[1].DropPorts(testContext(t), lab.MigrationPorts[0], lab.MigrationPorts[1]); err != nil {
		t.Fatal(err)
	}
	if held, err := source.JobHeld(testContext(t), guest.UUID); held || err != nil {
		t.Errorf("without a migration: %t, %v", held, err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), migration.Parameters{})
	}()
	until(t, "libvirt holds the job", func() bool {
		held, err := source.JobHeld(testContext(t), guest.UUID)
		return err == nil && held && incoming(t, destination, guest.UUID)
	})
	if seen, err := source.Domain(testContext(t), guest.UUID); err != nil || seen.State != migration.StateRunning {
		t.Errorf("the domain: %s, %v", seen.State, err)
	}
	if err := w.Hosts[1].OpenPorts(testContext(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("once it is connected: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it does not end once it is connected")
	}
	if _, err := source.JobHeld(testContext(t), guest.UUID); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("of a domain that has left: %v", err)
	}
}

func incoming(t *testing.T, h *host.Host, uuid string) bool {
	t.Helper()
	seen, err := h.Domain(testContext(t), uuid)
	return err == nil && seen.State == migration.StateIncoming
}

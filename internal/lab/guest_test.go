//go:build lab

package lab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

func TestGuestBeatsOnAcrossAMigration(t *testing.T) {
	world := current(t)
	source, destination := world.Hosts[0], world.Hosts[1]
	guest := world.StartGuest(t, lab.GuestSpec{Parts: []lab.Part{lab.Disk{}}, Load: lab.Load{HotMiB: 32, Cost: 100 * time.Microsecond}})

	before := time.Now()
	migrate(t, guest, source, destination)
	for range 10 {
		next(t, guest)
	}
	record := guest.Between(before, time.Now())
	if len(record.Lost) > 0 || len(record.Repeated) > 0 {
		t.Errorf("beats lost %v, repeated %v, want none", record.Lost, record.Repeated)
	}
	if diff := cmp.Diff([]string{destination.Name}, guest.HostsRunning()); diff != "" {
		t.Errorf("hosts on which the guest runs (-want +got):\n%s", diff)
	}
	if record.DirtyRate < 1e6 {
		t.Errorf("the guest dirties %.0f bytes per second after the migration, want a multiple", record.DirtyRate)
	}
}

func TestGuestIsHandedOutInTheStateAskedFor(t *testing.T) {
	world := current(t)
	tests := map[string]struct {
		spec            lab.GuestSpec
		state           string
		persistent      string
		running, beaten bool
	}{
		"running":            {spec: lab.IdleGuest(""), state: "running", persistent: "yes", running: true, beaten: true},
		"bare":               {spec: lab.GuestSpec{Bare: true}, state: "running", persistent: "yes", running: true},
		"bare transient":     {spec: lab.GuestSpec{Bare: true, Transient: true}, state: "running", persistent: "no", running: true},
		"paused":             {spec: lab.GuestSpec{State: lab.Paused}, state: "paused", persistent: "yes", running: true},
		"paused transient":   {spec: lab.GuestSpec{State: lab.Paused, Transient: true}, state: "paused", persistent: "no", running: true},
		"inactive":           {spec: lab.GuestSpec{State: lab.Inactive}, state: "shut off", persistent: "yes"},
		"on the second host": {spec: lab.GuestSpec{Bare: true, Host: "kvm2"}, state: "running", persistent: "yes", running: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			guest := world.StartGuest(t, test.spec)
			host := world.Host(guest.Spec.Host)
			if state := strings.TrimSpace(host.MustVirsh(t, "domstate", guest.UUID)); state != test.state {
				t.Errorf("state %q, want %q", state, test.state)
			}
			if info := host.MustVirsh(t, "dominfo", guest.UUID); !hasField(info, "Persistent", test.persistent) {
				t.Errorf("want persistent %s in:\n%s", test.persistent, info)
			}
			if running := len(guest.Processes()) == 1; running != test.running {
				t.Errorf("QEMUs %v, want one: %v", guest.Processes(), test.running)
			}
			if beaten := len(guest.Beats()) > 0; beaten != test.beaten {
				t.Errorf("has beaten: %v, want %v", beaten, test.beaten)
			}
		})
	}
}

// A guest that obeys ends at its power button, and one that does not runs on.
func TestGuestObeysItsPowerButton(t *testing.T) {
	world := current(t)
	host := world.Hosts[0]
	deaf := world.StartGuest(t, lab.GuestSpec{Bare: true})
	host.MustVirsh(t, "shutdown", deaf.UUID)
	t.Run("obeying", func(t *testing.T) {
		for _, machine := range []string{"pc", "q35"} {
			t.Run(machine, func(t *testing.T) {
				t.Parallel()
				guest := world.StartGuest(t, lab.GuestSpec{Obeys: true, Machine: machine})
				host.MustVirsh(t, "shutdown", guest.UUID)
				eventually(t, "it is shut off", func() bool {
					return strings.TrimSpace(host.MustVirsh(t, "domstate", guest.UUID)) == "shut off"
				})
			})
		}
	})
	if state := strings.TrimSpace(host.MustVirsh(t, "domstate", deaf.UUID)); state != "running" {
		t.Errorf("the guest that hears nothing is %s", state)
	}
}

func TestRemovedGuestLeavesNothing(t *testing.T) {
	world := current(t)
	guest, err := world.Start(t.Context(), lab.GuestSpec{Bare: true, Parts: []lab.Part{lab.Disk{}}})
	must(t, err)
	migrate(t, guest, world.Hosts[0], world.Hosts[1])
	must(t, guest.Remove(t.Context()))
	for _, host := range world.Hosts {
		if listed := host.MustVirsh(t, "list", "--all", "--name"); strings.Contains(listed, guest.Name) {
			t.Errorf("%s still lists guest %s", host.Name, guest.Name)
		}
		must(t, host.Command(t.Context(), "sh", "-c", "! ls "+guest.Disks()[0].Path).Run())
	}
	if left := guest.Processes(); len(left) > 0 {
		t.Errorf("QEMUs left: %v", left)
	}
}

func TestHiddenDiskIsMissingOnOneHostOnly(t *testing.T) {
	world := current(t)
	guest := world.StartGuest(t, lab.GuestSpec{Bare: true, Parts: []lab.Part{lab.Disk{}}})
	must(t, world.Hosts[1].Hide(guest.Disks()[0].Path))
	_, err := world.Hosts[0].Virsh(t.Context(), migration(guest, world.Hosts[1])...)
	if err == nil || !strings.Contains(err.Error(), "No such file or directory") {
		t.Errorf("migration to a host without the disk: %v, want no such file", err)
	}
}

func TestKilledQEMUIsSeenByLibvirtAndByTheHeartbeat(t *testing.T) {
	world := current(t)
	guest := world.StartGuest(t, lab.IdleGuest(""))
	for _, process := range guest.Processes() {
		must(t, process.Kill())
	}
	eventually(t, "the domain is shut off", func() bool {
		return strings.TrimSpace(world.Hosts[0].MustVirsh(t, "domstate", guest.UUID)) == "shut off"
	})
	off := time.Now()
	eventually(t, "time for a beat", func() bool {
		return time.Since(off) > 2*time.Second
	})
	// The last beat may be seen late.
	if record := guest.Between(off.Add(time.Second), time.Now()); record.Beats > 0 {
		t.Errorf("%d beats after QEMU was killed, want none", record.Beats)
	}
}

func migrate(t testing.TB, guest *lab.Guest, source, destination *lab.Host) {
	t.Helper()
	source.MustVirsh(t, migration(guest, destination)...)
}

func migration(guest *lab.Guest, destination *lab.Host) []string {
	return []string{
		"migrate", "--live", "--p2p", "--persistent", "--undefinesource",
		"--migrateuri", destination.MigrationURI, guest.UUID, destination.PeerURI,
	}
}

// hasField tells whether virsh printed the value for the field.
func hasField(printed, field, value string) bool {
	for line := range strings.Lines(printed) {
		name, got, _ := strings.Cut(line, ":")
		if name == field && strings.TrimSpace(got) == value {
			return true
		}
	}
	return false
}

// A guest's writes to its disk are on the disk once it has reported them.
func TestGuestWritesToItsDisk(t *testing.T) {
	t.Parallel()
	world := current(t)
	guest := world.StartGuest(t, lab.GuestSpec{Writes: 5 * time.Millisecond, Parts: []lab.Part{lab.Disk{Bus: "ide", Local: true, MiB: 8}}})
	eventually(t, "it has written to 50 sectors", func() bool { return guest.Writes() >= 50 })
	problems, compared, err := guest.Unwritten(t.Context(), world.Hosts[0])
	must(t, err)
	if len(problems) > 0 || compared < 50 {
		t.Errorf("of %d sectors: %v", compared, problems)
	}
	if err := guest.Failure(); err != nil {
		t.Error(err)
	}
}

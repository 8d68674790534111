//go:build lab

package host_test

import (
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// checkPaused wants a domain to be paused for a reason.
func checkPaused(t *testing.T, h *host.Host, uuid string, want migration.Reason) {
	t.Helper()
	d, err := h.Domain(testContext(t), uuid)
	if err != nil || d.State != migration.StatePaused || d.Reason != want {
		t.Errorf("got %+v, %v; want it paused for reason %d", d, err, want)
	}
}

// libvirt takes a suspend for a part of the migration in which it comes, and lets
// the guest run when that ends. The engine relies on both.
func TestReasonOfASuspend(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	slowly := migration.Parameters{Policy: told(policy.Policy{BandwidthMiBPerSecond: new(int64(2))}), MigrationURI: destination.MigrationURI()}

	ended := startMigration(t, source, guest.UUID, destination.PeerURI(), slowly)
	if err := source.Suspend(testContext(t), guest.UUID); err != nil {
		t.Fatal(err)
	}
	checkPaused(t, source, guest.UUID, migration.ReasonMigration)
	if err := source.Suspend(testContext(t), guest.UUID); err != nil {
		t.Errorf("a second suspend: %v", err)
	}
	abortMigration(t, source, guest.UUID, ended)
	until(t, "the guest runs again", func() bool {
		d, err := source.Domain(testContext(t), guest.UUID)
		return err == nil && d.State == migration.StateRunning
	})

	// Paused before, it stays so, and keeps the reason while the migration lasts.
	if err := source.Suspend(testContext(t), guest.UUID); err != nil {
		t.Fatal(err)
	}
	checkPaused(t, source, guest.UUID, migration.ReasonUser)
	ended = startMigration(t, source, guest.UUID, destination.PeerURI(), slowly)
	checkPaused(t, source, guest.UUID, migration.ReasonUser)
	abortMigration(t, source, guest.UUID, ended)
	checkPaused(t, source, guest.UUID, migration.ReasonUser)
}

// A definition that a migration leaves says so.
func TestReasonOfADefinitionLeftBehind(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	if err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), migration.Parameters{MigrationURI: destination.MigrationURI()}); err != nil {
		t.Fatal(err)
	}
	d, err := source.Domain(testContext(t), guest.UUID)
	if err != nil || d.State != migration.StateShutOff || d.Reason != migration.ReasonMigrated {
		t.Errorf("got %+v, %v; want it shut off because it was migrated", d, err)
	}
}

// libvirt knows how a domain ended that it did not migrate.
func TestReasonOfAnEnd(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	for name, test := range map[string]struct {
		end  func(t *testing.T, guest *lab.Guest)
		want migration.Reason
	}{
		"destroyed": {func(t *testing.T, guest *lab.Guest) { w.Hosts[0].MustVirsh(t, "destroy", guest.UUID) }, migration.ReasonDestroyed},
		"saved":     {func(t *testing.T, guest *lab.Guest) { w.Hosts[0].MustVirsh(t, "managedsave", guest.UUID) }, migration.ReasonSaved},
		"shut down": {func(t *testing.T, guest *lab.Guest) {
			// QEMU may have gone before its answer was read.
			_, _ = w.Hosts[0].Virsh(testContext(t), "qemu-monitor-command", guest.UUID, `{"execute":"quit"}`)
		}, migration.ReasonShutDown},
		"killed": {func(t *testing.T, guest *lab.Guest) {
			for _, process := range guest.Processes() {
				if err := process.Kill(); err != nil {
					t.Error(err)
				}
			}
		}, migration.ReasonQEMUEnded},
	} {
		t.Run(name, func(t *testing.T) {
			guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
			test.end(t, guest)
			var d migration.Domain
			// While it is in shutdown, libvirt has no reason yet.
			until(t, "it is shut off for a reason", func() bool {
				var err error
				d, err = h.Domain(testContext(t), guest.UUID)
				return err == nil && d.State == migration.StateShutOff && d.Reason != migration.ReasonUnknown
			})
			if d.Reason != test.want {
				t.Errorf("got %d, want %d", d.Reason, test.want)
			}
			if name == "saved" {
				w.Hosts[0].MustVirsh(t, "managedsave-remove", guest.UUID)
			}
		})
	}
}

// A client that goes away in the switch-over strands the guest.
func TestReasonOfAStrandedGuest(t *testing.T) {
	s := newSteps(t, lab.GuestSpec{Bare: true}, migration.Parameters{Persistent: true})
	s.do(s.begin, s.prepare, s.perform)
	if err := errors.Join(s.source.Close(), s.destination.Close()); err != nil {
		t.Error(err)
	}
	w := world(t)
	s.source, s.destination = connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	until(t, "libvirt has noticed that the client is gone", func() bool {
		job, err := s.source.Job(testContext(t), s.guest.UUID)
		_, gone := s.destination.Domain(testContext(t), s.guest.UUID)
		return err == nil && job.Type == migration.JobNone && errors.Is(gone, migration.ErrNoDomain)
	})
	checkPaused(t, s.source, s.guest.UUID, migration.ReasonMigration)
	s.do(func() error { return s.source.Resume(testContext(t), s.guest.UUID) })
	s.runsOnSource()
}

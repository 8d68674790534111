package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
)

// strand leaves the VM as a client does that is lost in the moment of the
// switch-over.
func (s *scene) strand() {
	s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused, Reason: migration.ReasonMigration, Persistent: true})
}

func (s *scene) neverResumed() {
	s.Helper()
	if n := s.kvm1.Calls("Resume") + s.kvm2.Calls("Resume"); n > 0 {
		s.Errorf("the guest was resumed %d times", n)
	}
}

// The other copy may run on a host that is not among the provider's.
func TestRunNeverResumesAStrandedVM(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arrange func(*migration.Request)
		says    string
	}{
		"all hosts answered":           {func(*migration.Request) {}, "it may run on a host that the provider's configuration does not have"},
		"a host is silent":             {func(r *migration.Request) { r.Unseen = true }, "it may run on a host that does not answer"},
		"another host is receiving it": {func(r *migration.Request) { r.Rival = true }, "another host, which holds an incoming domain"},
		"in direct mode":               {func(r *migration.Request) { r.Mode = migration.Direct }, "lost its client (Terraform, virsh) during the switch-over"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.strand()
				test.arrange(&s.request)
				err := fails[*migration.PreflightError](s, "VM web is paused on kvm1", test.says, "`virsh resume "+uuid+"` on kvm1")
				if f := err.Findings[0]; f.Check != migration.CheckState || f.Host != "kvm1" || f.Lasting {
					s.Errorf("finding: %+v", f)
				}
				s.neverResumed()
				s.startedNothing()
			})
		})
	}
}

// A switch-over that has just ended looks the same for a moment.
func TestRunObservesAgainBeforeItCallsAVMStranded(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.strand()
		s.at(1100*time.Millisecond, func() {
			s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateShutOff, Reason: migration.ReasonMigrated})
			s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning})
		})
		if r, err := s.run(); err != nil || r.Moved {
			s.Errorf("report %+v, %v; want that it is there already", r, err)
		}
	})
}

func TestRunTellsThatAVMIsStrandedWhereItIsToBe(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.strand()
		r, err := migration.Arrival(s.ctx, s.kvm1, uuid)
		if err != nil || r.Moved || r.State != migration.StatePaused {
			s.Errorf("report %+v, %v", r, err)
		}
		if len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "lost its client") {
			s.Errorf("warnings: %q", warnings(r))
		}
		s.neverResumed()
	})
}

func TestRunLeavesAVMPausedThatSomeonePaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused, Reason: migration.ReasonUser, Persistent: true})
		if r, err := s.run(); err != nil || r.State != migration.StatePaused {
			t.Fatalf("report %+v, %v", r, err)
		}
		s.neverResumed()
	})
}

// After its own move the engine knows both ends.
func TestRunResumesAGuestThatItsOwnLostClientWouldHaveStranded(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Finish", mt.Times(1, errInternal))
		s.kvm1.Before("Confirm", mt.Times(1, errInternal))
		s.at(converges+500*time.Millisecond, func() { s.kvm2.Kill(uuid) })
		fails[*migration.FailedError](s, runsOnSource)
	})
}

// The job lock of libvirt is no migration of somebody else's.
func TestDirectResumesThoughTheSourceIsBusyAtTheEnd(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Finish", func(contextT) error {
			s.kvm2.Kill(uuid)
			return errInternal
		})
		s.kvm1.Before("Confirm", mt.Times(1, migration.ErrBusy))
		fails[*migration.FailedError](s, runsOnSource)
	})
}

// A migration that somebody else was quicker to start may go to any host.
func TestRunDoesNotResumeWhatAnotherMigrationStranded(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
			s.strand()
			return migration.ErrBusy
		})
		fails[*migration.FailedError](s, "VM web is paused on kvm1", "lost its client", "Make sure that it runs nowhere else: then `virsh resume "+uuid+"` on kvm1")
		s.neverResumed()
	})
}

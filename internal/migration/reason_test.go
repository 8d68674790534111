package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// stopped are the reasons for which a migration leaves a guest paused.
var stopped = map[string]migration.Reason{
	"the migration": migration.ReasonMigration,
	"API error":     migration.ReasonAPIError,
	"unknown":       migration.ReasonUnknown,
}

// notItsDoing are those that are nobody's to overrule, with what is to be said of
// them.
var notItsDoing = map[string]struct {
	reason migration.Reason
	says   string
}{
	"a suspend":         {migration.ReasonUser, "somebody asked for that"},
	"an I/O error":      {migration.ReasonIOError, "`virsh domblkerror " + uuid + "`"},
	"the watchdog":      {migration.ReasonWatchdog, "its watchdog went off"},
	"a panic":           {migration.ReasonPanicked, "the guest panicked"},
	"another operation": {migration.ReasonOther, "another operation"},
}

func TestRunResumesWhatTheMigrationStopped(t *testing.T) {
	t.Parallel()
	for name, reason := range stopped {
		for place, script := range map[string]mt.Script{
			"on the source":      {Passes: mt.Converging().Passes, Err: errInternal, LeavePaused: true, Reason: reason},
			"on the destination": {Passes: mt.Converging().Passes, ArrivePaused: true, Reason: reason},
		} {
			t.Run(name+" "+place, func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.world.Play(script)
					if script.ArrivePaused {
						s.arrives()
					} else {
						fails[*migration.FailedError](s, runsOnSource)
					}
				})
			})
		}
	}
}

func TestRunLeavesAGuestPausedThatSomethingElseStopped(t *testing.T) {
	t.Parallel()
	for name, test := range notItsDoing {
		t.Run(name+" on the source", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal, LeavePaused: true, Reason: test.reason})
				fails[*migration.FailedError](s, "VM web is paused on kvm1", test.says, "on kvm1")
				s.neverResumed()
			})
		})
		t.Run(name+" in mid-move", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
				s.at(5*time.Second, func() { s.kvm1.Pause(uuid, test.reason) })
				fails[*migration.FailedError](s, "VM web is paused on kvm1", test.says)
				s.neverResumed()
			})
		})
		t.Run(name+" on the destination", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, ArrivePaused: true, Reason: test.reason})
				fails[*migration.FailedError](s, "VM web is paused on kvm2", test.says, "on kvm2")
				s.neverResumed()
			})
		})
		t.Run(name+", the destination silent", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal, LeavePaused: true, Reason: test.reason})
				s.at(5*time.Second, s.kvm2.Cut)
				err := fails[*migration.FailedError](s, "VM web is paused on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer",
					"Once kvm2 answers", test.says)
				if strings.Contains(words(err), "was left paused") {
					s.Errorf("it says that the migration paused the guest:\n%v", err)
				}
				s.neverResumed()
			})
		})
	}
}

// The order to pause may come when the job has just ended.
func TestRunResumesAGuestThatOnTimeoutPausedTooLate(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{Timeout: new(20 * time.Second), OnTimeout: new(policy.Pause)})
		s.kvm1.Before("Suspend", mt.Do(func() { s.kvm1.Abort(uuid) }))
		fails[*migration.CancelledError](s, runsOnSource)
		if n := s.kvm1.Calls("Resume"); n != 1 {
			s.Errorf("resumed %d times", n)
		}
	})
}

// A rival's migration to a third host has won.
func TestRunTellsThatTheVMWasMigratedAway(t *testing.T) {
	t.Parallel()
	away := migration.Domain{UUID: uuid, Name: "web", State: migration.StateShutOff, Reason: migration.ReasonMigrated, Persistent: true}
	t.Run("in mid-move", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm1.Put(away)
				return migration.ErrNotActive
			})
			err := fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2", "migrated away", "do not start the definition that is left on kvm1")
			if strings.Contains(words(err), "virsh start") {
				s.Errorf("it says how to start a second copy:\n%v", err)
			}
		})
	})
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Put(away)
			err := fails[*migration.PreflightError](s, "VM web is shut off on kvm1", "was migrated away from kvm1", "do not start that definition")
			if strings.Contains(words(err), "Start it: `virsh start") {
				s.Errorf("it says to start a second copy:\n%v", err)
			}
		})
	})
	t.Run("and the destination keeps an old definition of the same kind", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm2.Put(away)
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm1.Kill(uuid)
				s.kvm1.Undefine(uuid)
				return errInternal
			})
			err := fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2")
			if strings.Contains(words(err), "virsh start") {
				s.Errorf("it says to start what is out of date:\n%v", err)
			}
		})
	})
}

// on_crash = preserve keeps the QEMU of a guest that panicked.
func TestRunTellsOfAGuestThatPanicked(t *testing.T) {
	t.Parallel()
	t.Run("in mid-move", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
			s.at(5*time.Second, func() { s.kvm1.SetState(uuid, migration.StateCrashed) })
			fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2", "The guest panicked on kvm1", "`virsh destroy "+uuid+"`")
		})
	})
	t.Run("where it is to be", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.SetState(uuid, migration.StateCrashed)
			r, err := migration.Arrival(s.ctx, s.kvm1, uuid)
			if err != nil || len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "panicked on kvm1") {
				s.Errorf("report %+v, %v", r, err)
			}
		})
	})
	t.Run("on the destination, and the source keeps an old copy", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm1.Pause(uuid, migration.ReasonMigration)
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateCrashed})
				return errInternal
			})
			fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2",
				"The guest panicked on kvm2", "kvm1 still holds a paused copy", "Never resume it")
			s.neverResumed()
		})
	})
	t.Run("and the source keeps it while the VM runs on the destination", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm1.SetState(uuid, migration.StateCrashed)
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning})
				return errInternal
			})
			fails[*migration.FailedError](s, runsOnDestination, "kvm1 still holds a crashed copy")
		})
	})
}

func TestRunNamesASecondCopyThatIsPaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
		s.at(5*time.Second, func() { s.kvm2.SetState(uuid, migration.StatePaused) })
		fails[*migration.FailedError](s, runsOnSource, "kvm2 still holds a paused copy", "Never resume it", "`virsh destroy "+uuid+"` on kvm2")
		s.neverResumed()
	})
}

// The word of the destination's libvirt is not that of the source's: the guest
// may have been started there.
func TestDirectTakesOnlyTheSourcesWordForAnAbort(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Finish", func(contextT) error {
			s.kvm2.Cut()
			return migration.ErrAborted
		})
		err := fails[*migration.FailedError](s, "VM web is paused on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer")
		if strings.Contains(words(err), "by someone else") {
			s.Errorf("it says that the source's job was aborted:\n%v", err)
		}
		s.neverResumed()
	})
}

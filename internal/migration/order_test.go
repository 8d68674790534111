package migration_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// An order that libvirt has taken is not given again: the next one could hit the
// job that somebody begins after this one.
func TestRunAbortsItsJobOnce(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.AbortTakes = 8 * time.Second
				s.world.Play(script)
				s.request.Mode = mode
				s.at(7*time.Second, s.cancel)
				fails[*migration.CancelledError](s, runsOnSource)
				if n := s.kvm1.Calls("AbortJob"); n != 1 {
					s.Errorf("aborted %d times", n)
				}
			})
		})
	}
}

// One that libvirt did not take is given again, once a tenth of a second and not
// more often.
func TestRunAbortsAgainWhatWasNotTaken(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.kvm1.Before("AbortJob", mt.Times(4, errInternal))
		s.at(7*time.Second, s.cancel)
		fails[*migration.CancelledError](s, runsOnSource)
		called := s.kvm1.Called("AbortJob")
		if len(called) != 5 {
			s.Fatalf("aborted %d times, want five", len(called))
		}
		for i := range called[1:] {
			if gap := called[i+1].Sub(called[i]); gap != 100*time.Millisecond {
				s.Errorf("aborted again after %s", gap)
			}
		}
	})
}

// Once it was cancelled, the job is watched closely.
func TestRunReadsAJobOftenThatItHasAborted(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.underWay(mt.Endless(), s.kvm2, migration.Parameters{})
		time.Sleep(10 * time.Second)
		var cancelled time.Time
		s.at(5250*time.Millisecond, func() { cancelled = time.Now(); s.cancel() })
		fails[*migration.CancelledError](s, runsOnSource)
		if took := time.Since(cancelled); took > 2*time.Second {
			s.Errorf("took %s, and the job ends after 1.6 s", took)
		}
		var after int
		for _, at := range s.kvm1.Called("Job") {
			if at.After(cancelled.Add(500 * time.Millisecond)) {
				after++
			}
		}
		if after < 10 {
			s.Errorf("%d readings in the last 1.1 s, want one each tenth of a second", after)
		}
	})
}

// on_timeout has paused the guest, and it arrives. Who pauses it there is not the
// move, whose orders go to the source: it is not resumed.
func TestRunLeavesAGuestPausedThatAUserPausedOnTheDestination(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.PausedTakes, script.ArrivePaused, script.Reason = 3*time.Second, true, migration.ReasonUser
				s.world.Play(script)
				s.request.Mode = mode
				s.policy(policy.Policy{Timeout: new(20 * time.Second), OnTimeout: new(policy.Pause)})
				fails[*migration.FailedError](s, "VM web is paused on kvm2", "somebody asked for that")
				s.neverResumed()
			})
		})
	}
}

// The end of a direct migration in post-copy is waited for as long as memory is
// fetched, whatever becomes of the call that waits: told earlier that it has
// failed, the source would end its QEMU, and the guest with it.
func TestDirectWaitsForPostCopyWhoseCallIsLost(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PostCopyTakes = 3 * time.Minute
		s.world.Play(script)
		s.request.Mode = migration.Direct
		s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
		s.kvm2.Before("Finish", mt.Always(migration.ErrUnreachable))
		began := time.Now()
		if r := s.arrives(); r.Phase != migration.PhasePostCopy {
			s.Errorf("phase %s", r.Phase)
		}
		if took := time.Since(began); took < 3*time.Minute {
			s.Errorf("it was not waited for: %s", took)
		}
	})
}

// A destination that is silent for a moment after the end is asked again: what it
// holds matters, also where the VM is known to run on the source.
func TestRunAsksASilentDestinationAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.Err = errInternal
		s.world.Play(script)
		s.at(converges-time.Second, s.kvm2.Cut)
		s.at(converges+2*time.Second, s.kvm2.Restore)
		err := fails[*migration.FailedError](s, runsOnSource)
		if !err.Common().Outcome.Destination.Known() {
			s.Errorf("the destination was not asked again: %v", err)
		}
	})
}

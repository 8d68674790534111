package migration_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// silences are the ways in which a host stops answering.
var silences = map[string]func(*mt.Host){"cut": (*mt.Host).Cut, "mute": (*mt.Host).Mute}

func TestDirectIsCancelledBeforeTheSwitchOverWhenTheDestinationFallsSilent(t *testing.T) {
	t.Parallel()
	for name, silence := range silences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.world.Play(mt.Endless())
				s.at(3*time.Second, func() { silence(s.kvm2) })
				began := time.Now()
				fails[*migration.FailedError](s, runsOnSource, "because kvm2 had not answered for 15s")
				if took := time.Since(began); took > time.Minute {
					t.Errorf("took %s", took)
				}
				if n := s.kvm1.Calls("Resume"); n > 0 {
					t.Error("the guest was stopped")
				}
			})
		})
	}
}

func TestDirectBearsAShortSilenceOfTheDestination(t *testing.T) {
	t.Parallel()
	for name, silence := range silences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.world.Play(mt.Converging())
				s.at(time.Second, func() { silence(s.kvm2) })
				s.at(3*time.Second, s.kvm2.Restore)
				s.arrives()
			})
		})
	}
}

func TestPeerToPeerGoesOnWhileTheDestinationIsSilentToTheClient(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.PeerToPeer
		s.at(time.Second, s.kvm2.Mute)
		s.at(40*time.Second, s.kvm2.Restore)
		s.arrives()
	})
}

// That the calls are given up then is not what has ended them: whether they are halted
// is not known on a source that does not answer.
func TestDirectIsNotSaidToBeHaltedWhenTheSourceFallsSilent(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.After("Prepare", func(ctx contextT) error { return pauseFor(ctx, time.Hour) })
		s.at(5*time.Second, s.kvm1.Mute)
		err := fails[*migration.FailedError](s, "VM web is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"+mayGoOn,
			"could no longer be watched", "the source did not answer any more")
		if c := err.Course; c.Halted || c.Unseen == nil {
			s.Errorf("halted %t, unseen %v", c.Halted, c.Unseen)
		}
	})
}

// TestRunObservesTheDestinationWhileTheSourceIsSilent does not wait for a source
// that may never answer when the guest has arrived.
func TestRunObservesTheDestinationWhileTheSourceIsSilent(t *testing.T) {
	t.Parallel()
	for name, silence := range silences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.PeerToPeer
				s.policy(policy.Policy{Timeout: new(40 * time.Second)})
				s.at(3*time.Second, func() { silence(s.kvm1) })
				began := time.Now()
				fails[*migration.FailedError](s, "VM web is running on kvm2", "kvm1 does not answer")
				if took := time.Since(began); took > 90*time.Second {
					t.Errorf("took %s", took)
				}
				if n := s.kvm1.Calls("AbortJob"); n > 0 {
					t.Error("it was cancelled")
				}
			})
		})
	}
}

// TestRunDoesNotClaimToHaveAbortedWhatItCouldNotReach wants the words of an
// order that was never taken.
func TestRunDoesNotClaimToHaveAbortedWhatItCouldNotReach(t *testing.T) {
	t.Parallel()
	for name, silence := range silences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.PeerToPeer
				s.world.Play(mt.Endless())
				s.policy(policy.Policy{Timeout: new(40 * time.Second)})
				s.at(3*time.Second, func() { silence(s.kvm1); silence(s.kvm2) })
				fails[*migration.TimedOutError](s, "Where VM web is running is not known, because neither kvm1 nor kvm2 answers"+mayGoOn,
					"was to be cancelled", "could not be told to end it")
			})
		})
	}
}

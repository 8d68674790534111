package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// preparesFor lets a direct move's destination take its time, for example to
// allocate the guest's memory, while the incoming domain is seen.
func (s *scene) preparesFor(d time.Duration) {
	s.request.Mode = migration.Direct
	s.kvm2.After("Prepare", func(ctx contextT) error { return pauseFor(ctx, d) })
}

func TestDirectWaitsForADestinationThatPreparesSlowly(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.preparesFor(10 * time.Minute)
		s.arrives()
	})
}

func TestDirectEndsWhileTheDestinationPrepares(t *testing.T) {
	t.Parallel()
	for name, end := range ends {
		for how, lasts := range map[string]time.Duration{"soon": 30 * time.Second, "never": time.Hour} {
			t.Run(name+", ready "+how, func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					end.arrange(s, 2*time.Minute)
					s.preparesFor(2*time.Minute + lasts)
					began := time.Now()
					err := end.fails(s)
					if took := time.Since(began); took > 2*time.Minute+20*time.Second {
						s.Errorf("took %s", took)
					}
					for _, wrong := range []string{"could not be told to end it", "connection was lost", "peer_uri"} {
						if strings.Contains(words(err), wrong) {
							s.Errorf("the error says %q:\n%v", wrong, err)
						}
					}
					if n := s.kvm1.Calls("Perform"); n > 0 {
						s.Error("memory was sent")
					}
					s.runsOn(s.kvm1, s.kvm2)
				})
			})
		}
	}
}

// Its incoming domain is gone, and its libvirt has not said so.
func TestDirectGivesADestinationUpThatDoesNotPrepare(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.preparesFor(time.Hour)
		s.at(90*time.Second, func() { s.kvm2.Kill(uuid) })
		began := time.Now()
		err := fails[*migration.FailedError](s, runsOnSource, "kvm2 did not answer when it was to prepare for the VM", "for 1m")
		if strings.Contains(words(err), "peer_uri") || strings.Contains(words(err), "cancel") {
			s.Errorf("the error blames something else:\n%v", err)
		}
		if took := time.Since(began); took > 3*time.Minute {
			s.Errorf("took %s", took)
		}
	})
}

func TestDirectThatSendsNothingDoesNotBlameThePeerURI(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.policy(policy.Policy{PostCopy: new(true)})
		script := mt.Endless()
		script.Starting = time.Hour
		s.world.Play(script)
		s.at(5*time.Second, func() { s.kvm2.Before("Domain", mt.Times(30, migration.ErrNoDomain)) })
		err := fails[*migration.FailedError](s, runsOnSource, "sent nothing for 1m0s", "the log of libvirt on kvm2")
		if strings.Contains(words(err), "peer_uri") {
			s.Errorf("the error blames the peer_uri:\n%v", err)
		}
	})
}

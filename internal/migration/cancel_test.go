package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// contextT keeps fault literals short.
type contextT = context.Context

// pauseFor lets a call take a time, or fail when its context ends first.
func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", migration.ErrUnreachable, ctx.Err())
	}
}

func TestCancelCallsTheMigrationOff(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		for name, at := range map[string]time.Duration{
			"at once": 0, "at the start": 10 * time.Millisecond, "in the middle": 7 * time.Second, "at the end": 13900 * time.Millisecond,
		} {
			t.Run(string(mode)+" "+name, func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
					var cancelled time.Time
					s.at(at, func() { cancelled = time.Now(); s.cancel() })
					err := fails[*migration.CancelledError](s, runsOnSource, "was cancelled")
					if explain.Failure(err).Summary != "Migration Cancelled" {
						s.Errorf("summary %q", explain.Failure(err).Summary)
					}
					if took := time.Since(cancelled); took > 3*time.Second {
						s.Errorf("took %s from the cancel to the end", took)
					}
					if d := s.kvm1.Downtime(uuid); d != 300 {
						s.Errorf("the longest pause is left at %d ms", d)
					}
					s.runsOn(s.kvm1, s.kvm2)
				})
			})
		}
	}
}

// libvirt does not always name the abort as what ended the calls: the stream of
// memory breaks too.
func TestCancelIsNotExplainedByWhatTheAbortBroke(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.After("MigratePeerToPeer", mt.Always(errors.New("Cannot write data: Broken pipe")))
		s.at(7*time.Second, s.cancel)
		err := fails[*migration.CancelledError](s, runsOnSource, "was cancelled")
		if strings.Contains(words(err), "Broken pipe") {
			s.Errorf("the abort's own consequence is told as news:\n%s", err)
		}
	})
}

func TestCancelBeforeTheStartStartsNothing(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.cancel()
		fails[*migration.CancelledError](s, runsOnSource, "before it was started")
		if n := s.kvm1.Calls("MigratePeerToPeer") + s.kvm1.Calls("Begin"); n > 0 {
			s.Errorf("%d migrations were started", n)
		}
	})
}

func TestCancelBetweenTheChecksAndTheStart(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
		s.kvm1.Before("SetMaxDowntime", func(contextT) error {
			s.kvm1.Before("SetMaxDowntime", nil)
			s.cancel()
			return nil
		})
		fails[*migration.CancelledError](s, runsOnSource)
		if n := s.kvm1.Calls("MigratePeerToPeer"); n > 0 {
			s.Errorf("%d migrations were started", n)
		}
		if d := s.kvm1.Downtime(uuid); d != 300 {
			s.Errorf("the longest pause is left at %d ms", d)
		}
	})
}

func TestCancelBeforeLibvirtHasBegunTheJob(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		// The call takes 5 s to be taken up; orders to abort find no job until then.
		s.kvm1.Before("MigratePeerToPeer", func(ctx contextT) error { return pauseFor(ctx, 5*time.Second) })
		s.at(time.Second, s.cancel)
		fails[*migration.CancelledError](s, runsOnSource)
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestCancelAtCompletionIsTheSuccessItIs(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		for name, at := range map[string]time.Duration{"with it": converges, "before it is seen": converges - time.Second} {
			t.Run(string(mode)+" "+name, func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					script := mt.Converging()
					script.AbortTakes = 5 * time.Second // comes too late
					s.world.Play(script)
					s.kvm1.Before("AbortJob", mt.Always(migration.ErrNotActive))
					s.request.Mode = mode
					s.at(at, s.cancel)
					s.arrives()
				})
			})
		}
	}
}

func TestCancelInPostCopyWaits(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.PostCopyTakes = 3 * time.Minute
				s.world.Play(script)
				s.request.Mode = mode
				s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
				s.at(30*time.Second, s.cancel)
				if r := s.arrives(); len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "in post-copy") {
					s.Errorf("the report does not say why it was not cancelled: %q", warnings(r))
				}
				if n := s.kvm1.Calls("AbortJob"); n > 0 {
					s.Errorf("%d aborts in post-copy", n)
				}
			})
		})
	}
}

func TestCancelFindsThatSomeoneElseSwitchedToPostCopy(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PostCopyTakes, script.QuietPostCopy = 20*time.Second, true
		s.world.Play(script)
		s.policy(policy.Policy{PostCopy: new(true)})
		s.at(15*time.Second, func() { _ = s.kvm1.StartPostCopy(context.Background(), uuid) })
		s.at(15*time.Second+50*time.Millisecond, s.cancel)
		if r := s.arrives(); r.Phase != migration.PhasePostCopy {
			s.Errorf("phase %s", r.Phase)
		}
		s.expectSaid("post-copy")
	})
}

func TestCancelWhileTheJobFails(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.Err, script.AbortTakes = errInternal, 5*time.Second
		s.world.Play(script)
		s.kvm1.Before("AbortJob", mt.Always(migration.ErrNotActive))
		s.at(converges-100*time.Millisecond, s.cancel)
		err := fails[*migration.CancelledError](s, runsOnSource, "unable to execute QEMU command")
		if !errors.Is(err, errInternal) {
			s.Error("what libvirt said is lost")
		}
	})
}

func TestCancelEndsThoughThePeerIsMute(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{MutePeer: true})
		s.at(5*time.Second, s.cancel)
		began := time.Now()
		err := fails[*migration.CancelledError](s, runsOnSource+mayGoOn, "had not done so within 10s", "still has the migration job", "does not take orders")
		if took := time.Since(began); took > 50*time.Second {
			s.Errorf("took %s", took)
		}
		if !err.Common().Outcome.Migrating {
			s.Error("the job that is left is not told of")
		}
	})
}

func TestCancelEndsThoughTheSourceIsSilent(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*mt.Host){"cut": (*mt.Host).Cut, "mute": (*mt.Host).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Endless())
				s.at(5*time.Second, func() { fault(s.kvm1); s.cancel() })
				began := time.Now()
				fails[*migration.CancelledError](s, "VM web is not running on kvm2; whether it is running on kvm1 is not known, because kvm1 does not answer"+mayGoOn)
				if took := time.Since(began); took > 90*time.Second {
					s.Errorf("took %s", took)
				}
				s.kvm1.Abort(uuid)
			})
		})
	}
}

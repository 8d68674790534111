package migration_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var everyMode = append([]migration.Mode{migration.Auto}, bothModes...)

// Whatever a host is being asked meanwhile, the order to abort leaves at once.
func TestCancelIsNotHeldUpByACallUnderWay(t *testing.T) {
	t.Parallel()
	const soon = 200 * time.Millisecond
	tests := map[string]func(*scene){
		"none":               func(*scene) {},
		"the job hangs":      func(s *scene) { s.kvm1.Before("Job", mt.Hang()) },
		"the job takes 8 s":  func(s *scene) { s.kvm1.Before("Job", func(ctx contextT) error { return pauseFor(ctx, 8*time.Second) }) },
		"the source is mute": func(s *scene) { s.kvm1.Mute() },
		"the observation of the destination hangs": func(s *scene) {
			s.kvm1.Before("Job", mt.Always(migration.ErrUnreachable))
			s.kvm2.Before("Domain", mt.Hang())
		},
		"both hosts are mute": func(s *scene) { s.kvm1.Mute(); s.kvm2.Mute() },
		"the guest's longest pause hangs": func(s *scene) {
			s.kvm1.Before("SetMaxDowntime", mt.Hang()) // asked for again, because the first answer was a refusal
		},
		"the order to pause hangs": func(s *scene) { s.kvm1.Before("Suspend", mt.Hang()) },
		"the order to abort hangs": func(s *scene) { s.kvm1.Before("AbortJob", mt.Hang()) },
		"the destination is mute":  func(s *scene) { s.kvm2.Mute() },
		"the destination is cut":   func(s *scene) { s.kvm2.Cut() },
	}
	for name, arrange := range tests {
		for _, mode := range everyMode {
			// At any moment of a reading that is under way.
			for _, after := range []time.Duration{time.Millisecond, 450 * time.Millisecond, 3 * time.Second, 9 * time.Second} {
				t.Run(name+", "+string(mode)+", "+after.String(), func(t *testing.T) {
					t.Parallel()
					play(t, func(s *scene) {
						script := mt.Endless()
						s.world.Play(script)
						s.request.Mode = mode
						s.policy(policy.Policy{MaxDowntimeMS: new(int64(50)), Timeout: new(20 * time.Second), OnTimeout: new(policy.Pause)})
						if name == "the guest's longest pause hangs" {
							s.kvm1.Before("SetMaxDowntime", mt.Always(errInternal))
						}
						s.at(20*time.Second-time.Millisecond, func() { arrange(s) })
						var cancelled time.Time
						s.at(20*time.Second+after, func() { cancelled = time.Now(); s.cancel() })
						_, err := s.run()
						if err == nil {
							s.Fatal("Run succeeded")
						}
						aborts := s.kvm1.Called("AbortJob")
						if len(aborts) == 0 {
							s.Fatal("no order to abort was given")
						}
						if took := aborts[0].Sub(cancelled); took < 0 || took > soon {
							s.Errorf("the order to abort left %s after the cancel", took)
						}
						s.kvm1.Abort(uuid)
					})
				})
			}
		}
	}
}

// A cancel is seen and told at once, whatever hangs: a question, an order, or a step of
// the migration itself.
func TestCancelIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	const soon = 200 * time.Millisecond
	tests := map[string]func(*scene){
		"while the source hangs":       func(s *scene) { s.kvm1.Mute() },
		"while the destination hangs":  func(s *scene) { s.kvm2.Mute() },
		"while both hang":              func(s *scene) { s.kvm1.Mute(); s.kvm2.Mute() },
		"while the order to abort":     func(s *scene) { s.kvm1.Before("AbortJob", mt.Hang()) },
		"while the switch hangs":       func(s *scene) { s.kvm1.Before("StartPostCopy", mt.Hang()) },
		"while observations hang":      func(s *scene) { s.kvm1.Before("Domain", mt.Hang()); s.kvm2.Before("Domain", mt.Hang()) },
		"while the preparation hangs":  func(s *scene) { s.kvm2.Before("Prepare", mt.Hang()) },
		"while the beginning hangs":    func(s *scene) { s.kvm1.Before("Begin", mt.Hang()) },
		"while libvirt takes no calls": func(s *scene) { s.kvm1.Before("MigratePeerToPeer", mt.Hang()); s.kvm1.Before("Perform", mt.Hang()) },
	}
	for name, arrange := range tests {
		for _, mode := range everyMode {
			for _, at := range []time.Duration{2 * time.Second, 5333 * time.Millisecond, 21 * time.Second} {
				t.Run(name+", "+string(mode)+", "+at.String(), func(t *testing.T) {
					t.Parallel()
					play(t, func(s *scene) {
						script := mt.Endless()
						script.PostCopyTakes = 30 * time.Second
						s.world.Play(script)
						s.request.Mode = mode
						s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
						if at < 20*time.Second {
							s.policy(policy.Policy{Timeout: new(time.Hour)})
						}
						s.at(time.Second, func() { arrange(s) }) // after the checks
						if strings.Contains(name, "preparation") || strings.Contains(name, "beginning") || strings.Contains(name, "takes no") {
							arrange(s)
						}
						s.at(at, s.cancel)
						_, _ = s.run()
						for _, p := range s.progress {
							// It is being cancelled, perhaps by the timeout already, or cannot be in post-copy.
							if strings.Contains(explain.Notice(p), "cancel") {
								if p.Elapsed < min(at, 20*time.Second) || p.Elapsed > at+soon {
									s.Errorf("told after %s, and cancelled after %s", p.Elapsed, at)
								}
								return
							}
						}
						s.Errorf("nothing is said of the cancel: %v", s.progress)
					})
				})
			}
		}
	}
}

// Nor is it missed while no migration is watched: before the first attempt, and between
// two. Nothing is begun after it.
func TestCancelIsSeenAtOnceWhileNothingIsWatched(t *testing.T) {
	t.Parallel()
	const at, soon = time.Second, 200 * time.Millisecond
	slow := func(ctx contextT) error { return pauseFor(ctx, 4*time.Second) }
	tests := map[string]struct {
		arrange func(*scene)
		begun   int // how many peer-to-peer migrations
	}{
		"during the first checks":        {func(s *scene) { s.kvm2.Before("Identity", mt.Hang()) }, 0},
		"while the longest pause is set": {func(s *scene) { s.kvm1.Before("SetMaxDowntime", slow) }, 0},
		"while it is looked whether to go direct": {func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm2.Before("Domain", slow)
				return errPeer
			})
		}, 1},
		"when the destination cannot be reached": {func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(ctx contextT) error {
				_ = pauseFor(ctx, at)
				s.cancel()
				return errPeer
			})
		}, 1},
		"while it is looked who was quicker": {func(s *scene) {
			s.kvm1.Before("MigratePeerToPeer", func(contextT) error {
				s.kvm2.Before("Identity", slow)
				return migration.ErrBusy
			})
		}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
				test.arrange(s)
				s.at(at, s.cancel)
				fails[*migration.CancelledError](s, runsOnSource, "was cancelled")
				i := slices.IndexFunc(s.progress, func(p migration.Progress) bool { return p.Notice.Kind == migration.NoticeCancelling })
				if i < 0 {
					s.Fatalf("nothing is said of the cancel: %v", s.progress)
				}
				if p := s.progress[i]; p.Elapsed < at || p.Elapsed > at+soon || p.Phase != migration.PhaseCancelling {
					s.Errorf("told after %s in phase %s", p.Elapsed, p.Phase)
				}
				if s.said("going direct") || s.kvm1.Calls("Begin") > 0 || s.kvm1.Calls("MigratePeerToPeer") != test.begun {
					s.Error("a migration is begun after the cancel")
				}
			})
		})
	}
}

// While it is not known whether the switch to post-copy was made, no order to abort
// leaves: it would lose the VM.
func TestCancelWaitsForTheAnswerToTheSwitchToPostCopy(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{"late": nil, "lost": migration.ErrUnreachable} {
		for _, mode := range bothModes {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					script := mt.Endless()
					script.PostCopyTakes, script.QuietPostCopy = 30*time.Second, true
					s.world.Play(script)
					s.request.Mode = mode
					s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
					s.kvm1.After("StartPostCopy", func(ctx contextT) error {
						if err := pauseFor(ctx, 3*time.Second); err != nil {
							return err
						}
						return lost
					})
					s.at(21*time.Second, s.cancel)
					s.arrives()
					if n := s.kvm1.Calls("AbortJob"); n > 0 {
						s.Errorf("%d orders to abort post-copy", n)
					}
				})
			})
		}
	}
}

// The job may end before libvirt has answered the order to abort it: that answer
// tells what ended it.
func TestCancelWaitsForTheAnswerToTheAbort(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.After("MigratePeerToPeer", mt.Always(errors.New("Cannot write data: Broken pipe")))
		s.kvm1.After("AbortJob", func(ctx contextT) error { return pauseFor(ctx, 3*time.Second) })
		s.at(7*time.Second, s.cancel)
		err := fails[*migration.CancelledError](s, runsOnSource, "was cancelled")
		if strings.Contains(words(err), "Broken pipe") {
			s.Errorf("the abort's own consequence is told as news:\n%s", err)
		}
	})
}

// Nothing of the watch outlives it, nor holds it up: what is under way when the job
// has ended is given up.
func TestRunEndsThoughQuestionsHang(t *testing.T) {
	t.Parallel()
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
				s.kvm1.Before("SetMaxDowntime", mt.Times(2, errInternal))
				s.at(time.Second, func() { s.kvm1.Before("SetMaxDowntime", mt.Hang()) })
				s.at(converges-time.Second, func() { s.kvm1.Before("Job", mt.Hang()) })
				if r := s.arrives(); r.Duration > converges {
					s.Errorf("took %s", r.Duration)
				}
				if n := s.kvm1.Calls("AbortJob"); n > 0 {
					s.Errorf("%d orders to abort", n)
				}
			})
		})
	}
}

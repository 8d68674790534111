package migration_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The races here are those that OpenStack Nova's tests of its monitor know, for
// what both engines have.

var errInternal = errors.New("internal error: unable to execute QEMU command")

// errPeer is a source whose libvirt cannot connect to the destination's.
var errPeer = errors.New("unable to connect to server at 'kvm2:16509'")

// converges is how long the converging script takes.
const converges = 14 * time.Second

func TestRunToleratesFailingStatistics(t *testing.T) {
	t.Parallel()
	noMemory := func(s *scene) {
		s.world.Play(mt.Script{Starting: 5 * time.Second, Passes: mt.Converging().Passes})
	}
	answers := func(f mt.Fault) func(*scene) {
		return func(s *scene) {
			// Preflight asks first; then the job is running.
			s.at(2*time.Second, func() { s.kvm1.Before("Job", f) })
		}
	}
	tests := map[string]func(*scene){
		"no such domain for a moment":     answers(mt.Times(5, migration.ErrNoDomain)),
		"operation invalid for a moment":  answers(mt.Times(5, migration.ErrNotActive)),
		"internal error for a moment":     answers(mt.Times(5, errInternal)),
		"no such domain to the end":       answers(mt.Always(migration.ErrNoDomain)),
		"operation invalid to the end":    answers(mt.Always(migration.ErrNotActive)),
		"internal error to the end":       answers(mt.Always(errInternal)),
		"unreachable to the end":          answers(mt.Always(migration.ErrUnreachable)),
		"no answer to the end":            answers(mt.Hang()),
		"no memory figures for a moment":  noMemory,
		"a stall of 2 s at each question": answers(func(ctx contextT) error { return pauseFor(ctx, 2*time.Second) }),
	}
	for name, arrange := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				s.arrives()
			})
		})
	}
}

func TestRunTellsAFailureOfItsJob(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.Err = errInternal
		s.world.Play(script)
		err := fails[*migration.FailedError](s, runsOnSource, "unable to execute QEMU command")
		if explain.Failure(err).Summary != "Unable to Migrate VM" || !errors.Is(err, errInternal) {
			s.Errorf("summary %q, cause %v", explain.Failure(err).Summary, errors.Unwrap(err))
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunTellsWhereAWrongAddressOfMemoryCameFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ uri, says string }{
		"configured": {"tcp://10.0.0.250", "from the migration_uri of kvm2 (tcp://10.0.0.250)"},
		"its own":    {"", "the host name that kvm2 gives itself"},
	} {
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode, s.request.MigrationURI = mode, test.uri
					unreached := fmt.Errorf("unable to connect to server at '10.0.0.250:49152': %w", migration.ErrMemoryUnreachable)
					s.kvm1.Before("MigratePeerToPeer", mt.Always(unreached))
					s.kvm1.Before("Perform", mt.Always(unreached))
					err := fails[*migration.FailedError](s, runsOnSource, test.says)
					if !errors.Is(err, migration.ErrMemoryUnreachable) {
						s.Error("what went wrong is lost")
					}
				})
			})
		}
	}
}

func TestRunTellsWhenSomeoneElseAborted(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.at(5*time.Second, func() { s.kvm1.Abort(uuid) })
		fails[*migration.CancelledError](s, runsOnSource, "by someone else")
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestOnTimeoutInRaces(t *testing.T) {
	t.Parallel()
	actions := map[string]policy.Policy{
		"post-copy": {PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
		"pause":     {OnTimeout: new(policy.Pause)},
	}
	steps := func(s *scene) int { return s.kvm1.Calls("StartPostCopy") + s.kvm1.Calls("Suspend") }
	for name, p := range actions {
		t.Run(name+" on start", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				limited := p
				limited.Timeout = new(time.Second)
				s.policy(limited)
				s.world.Play(mt.Script{Starting: 5 * time.Second, Passes: mt.Converging().Passes, AbortTakes: time.Second})
				fails[*migration.TimedOutError](s, runsOnSource)
				if steps(s) > 0 {
					s.Error("a job without memory was paused or switched")
				}
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
		t.Run(name+" on finish", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				limited := p
				limited.Timeout = new(converges)
				s.policy(limited)
				s.arrives()
			})
		})
		t.Run(name+" on failure", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				limited := p
				limited.Timeout = new(5 * time.Second)
				s.policy(limited)
				script := mt.Converging()
				script.PausedTakes, script.PostCopyTakes, script.Err = time.Second, time.Hour, errInternal
				s.world.Play(script)
				s.kvm1.Before("StartPostCopy", mt.Always(migration.ErrNotActive))
				fails[*migration.FailedError](s, runsOnSource)
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
		t.Run(name+" on cancel", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				limited := p
				limited.Timeout = new(6 * time.Second)
				s.policy(limited)
				script := mt.Converging()
				script.AbortTakes = 5 * time.Second
				s.world.Play(script)
				s.at(5*time.Second, s.cancel)
				fails[*migration.CancelledError](s, runsOnSource)
				if steps(s) > 0 {
					s.Error("a cancelled job was paused or switched")
				}
			})
		})
		t.Run(name+" is asked for once", func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				limited := p
				limited.Timeout = new(5 * time.Second)
				s.policy(limited)
				script := mt.Endless()
				script.PausedTakes, script.PostCopyTakes = 30*time.Second, 30*time.Second
				s.world.Play(script)
				s.arrives()
				if steps(s) != 1 {
					s.Errorf("asked %d times", steps(s))
				}
			})
		})
	}
}

func TestRunResumesAGuestLeftPaused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		resume  mt.Fault
		resumes int
		where   string
		words   string
	}{
		"resumed":        {nil, 1, runsOnSource, "unable to execute QEMU command"},
		"at the third":   {mt.Times(2, errInternal), 3, runsOnSource, ""},
		"never":          {mt.Always(errInternal), 3, "VM web is paused on kvm1", "`virsh resume " + uuid + "` on kvm1"},
		"no answer":      {mt.Always(migration.ErrUnreachable), 3, "VM web is paused on kvm1", "did not answer, and still says that it is paused"},
		"answer is lost": {nil, 1, runsOnSource, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Converging()
				script.Err, script.LeavePaused = errInternal, true
				s.world.Play(script)
				s.kvm1.Before("Resume", test.resume)
				if name == "answer is lost" {
					s.kvm1.After("Resume", mt.Always(migration.ErrUnreachable))
				}
				fails[*migration.FailedError](s, test.where, test.words)
				if n := s.kvm1.Calls("Resume"); n != test.resumes {
					s.Errorf("resumed %d times, want %d", n, test.resumes)
				}
			})
		})
	}
}

func TestRunLeavesAPausedGuestPaused(t *testing.T) {
	t.Parallel()
	paused := func(s *scene) { s.kvm1.SetState(uuid, migration.StatePaused) }
	t.Run("on the destination", func(t *testing.T) {
		t.Parallel()
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					paused(s)
					s.request.Mode = mode
					s.policy(policy.Policy{PostCopy: new(true)})
					if _, err := s.run(); err != nil {
						s.Fatal(err)
					}
					if d, _ := s.kvm2.Held(uuid); d.State != migration.StatePaused {
						s.Errorf("the VM is %s on kvm2", d.State)
					}
					if _, ok := s.kvm1.Held(uuid); ok {
						s.Error("kvm1 still holds the VM")
					}
					if s.world.Sent().PostCopy() {
						s.Error("post-copy was allowed for a paused guest")
					}
				})
			})
		}
	})
	t.Run("on the source", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			paused(s)
			script := mt.Converging()
			script.Err = errInternal
			s.world.Play(script)
			fails[*migration.FailedError](s, "VM web is paused on kvm1")
			if s.kvm1.Calls("Resume") > 0 {
				s.Error("the guest was resumed")
			}
		})
	})
}

func TestRunResumesAGuestThatArrivesPaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Converging()
		script.ArrivePaused = true
		s.world.Play(script)
		s.arrives()
	})
}

func TestRunKeepsMaxDowntime(t *testing.T) {
	t.Parallel()
	downtime := policy.Policy{MaxDowntimeMS: new(int64(100))}
	failing := func(s *scene) {
		script := mt.Converging()
		script.Err = errInternal
		s.world.Play(script)
	}
	during := func(s *scene) uint64 {
		var set atomic.Uint64
		s.at(5*time.Second, func() { set.Store(s.kvm1.Downtime(uuid)) })
		if _, err := s.run(); err == nil {
			s.Fatal("Run succeeded")
		}
		return set.Load()
	}
	tests := map[string]struct {
		arrange func(*scene)
		before  uint64 // what holds before the job has started
	}{
		"set before the start":         {func(*scene) {}, 100},
		"refused before the start":     {func(s *scene) { s.kvm1.Before("SetMaxDowntime", mt.Times(1, migration.ErrNotActive)) }, 300},
		"refused for some time":        {func(s *scene) { s.kvm1.Before("SetMaxDowntime", mt.Times(4, errInternal)) }, 300},
		"not known before the start":   {func(s *scene) { s.kvm1.Before("MaxDowntime", mt.Always(errInternal)) }, 300},
		"answer lost before the start": {func(s *scene) { s.kvm1.After("SetMaxDowntime", mt.Times(1, migration.ErrUnreachable)) }, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				failing(s)
				test.arrange(s)
				s.policy(downtime)
				var before atomic.Uint64
				s.kvm1.Before("MigratePeerToPeer", mt.Do(func() { before.Store(s.kvm1.Downtime(uuid)) }))
				if set := during(s); set != 100 {
					s.Errorf("%d ms while the job ran, want 100", set)
				}
				if got := before.Load(); got != test.before {
					s.Errorf("%d ms when the job started, want %d", got, test.before)
				}
			})
		})
	}
	t.Run("put back after a failure", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			failing(s)
			s.policy(downtime)
			during(s)
			if d := s.kvm1.Downtime(uuid); d != 300 {
				s.Errorf("left at %d ms", d)
			}
		})
	})
	t.Run("told when it cannot be put back", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			failing(s)
			s.policy(downtime)
			s.at(5*time.Second, func() { s.kvm1.Before("SetMaxDowntime", mt.Always(errInternal)) })
			fails[*migration.FailedError](s, runsOnSource, "could not be set back to 300 ms")
		})
	})
	t.Run("told when it is not known to have been put back", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			failing(s)
			s.policy(downtime)
			s.at(5*time.Second, func() { s.kvm1.After("SetMaxDowntime", mt.Always(migration.ErrUnreachable)) })
			fails[*migration.FailedError](s, runsOnSource, "is not known to have been set back to 300 ms")
		})
	})
	t.Run("told when it never could be set", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.policy(downtime)
			s.kvm1.Before("SetMaxDowntime", mt.Always(errInternal))
			if r := s.arrives(); len(r.Warnings) != 1 {
				s.Errorf("warnings: %q", warnings(r))
			}
			s.expectSaid("max_downtime_ms could not be set")
		})
	})
}

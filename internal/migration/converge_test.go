package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	runsOnSource      = "VM web is running on kvm1"
	runsOnDestination = "VM web is running on kvm2"
)

func TestRunEndsAMigrationThatDoesNotConverge(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{BandwidthMiBPerSecond: new(int64(60)), StallTimeout: new(20 * time.Second)})
		began := time.Now()
		err := fails[*migration.NotConvergedError](s, runsOnSource,
			"auto_converge is false (default)", "compression is false (default)", "bandwidth_mib_per_second is 60 (run)",
			"post_copy is false (default)", "max_downtime_ms allowed 300 ms", "110 MiB/s", "60 MiB/s")
		if explain.Failure(err).Summary != "Migration Did Not Converge" {
			s.Errorf("summary %q", explain.Failure(err).Summary)
		}
		if err.Course.Figures.DirtyRate != 110*mt.MiB || err.Course.Figures.Bandwidth != 60*mt.MiB || err.Course.Figures.Throttle != 0 {
			s.Errorf("dirty rate %d, bandwidth %d, throttle %d", err.Course.Figures.DirtyRate, err.Course.Figures.Bandwidth, err.Course.Figures.Throttle)
		}
		if *err.Course.Figures.Least < 119*mt.MiB || *err.Course.Figures.Least > 121*mt.MiB {
			s.Errorf("least remaining %d, want about 120 MiB", *err.Course.Figures.Least)
		}
		// First pass 10 s, then 20 s without a better boundary; noise of the
		// readings may find a slightly better one or two.
		if took := time.Since(began); took < 30*time.Second || took > 50*time.Second {
			s.Errorf("took %s", took)
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunDoesNotJudgeInsideAPass(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{Passes: []mt.Pass{
			{Remaining: 600 * mt.MiB, Lasts: 10 * time.Minute},
			{Remaining: 100 * mt.MiB, Lasts: 10 * time.Minute, DirtyRate: mt.MiB},
			{Remaining: 100 * mt.MiB, Lasts: 10 * time.Minute, DirtyRate: mt.MiB},
		}})
		s.policy(policy.Policy{StallTimeout: new(2 * time.Minute), Timeout: new(time.Duration(0))})
		s.arrives()
	})
}

// rising gives every pass the next throttle, ten more each until stuck.
func rising(stuck int64, passes int) []mt.Pass {
	all := []mt.Pass{{Remaining: 600 * mt.MiB, Lasts: 10 * time.Second}}
	throttle := int64(20)
	for range passes {
		all = append(all, mt.Pass{Remaining: 120 * mt.MiB, Lasts: 2 * time.Second, DirtyRate: 100 * mt.MiB, Throttle: throttle})
		throttle = min(throttle+10, stuck)
	}
	return all
}

func TestRunGivesARisingThrottleTime(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		passes := []mt.Pass{{Remaining: 600 * mt.MiB, Lasts: 10 * time.Second}}
		for throttle := int64(20); throttle <= 90; throttle += 10 {
			for range 2 { // 8 s at each step, less than the window
				passes = append(passes, mt.Pass{Remaining: 120 * mt.MiB, Lasts: 4 * time.Second, DirtyRate: 100 * mt.MiB, Throttle: throttle})
			}
		}
		s.world.Play(mt.Script{Passes: passes})
		s.policy(policy.Policy{AutoConverge: new(true), StallTimeout: new(10 * time.Second)})
		if r := s.arrives(); r.Throttle == nil || *r.Throttle != 90 {
			s.Errorf("throttle %v, want 90", r.Throttle)
		}
	})
}

func TestRunEndsWhenTheThrottleIsStuck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stuck int64
		words string
	}{
		"at 20 %":        {20, "The throttle had reached 20 %"},
		"at the highest": {99, "The throttle reached 99 % and can rise no further"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Script{Passes: rising(test.stuck, 12), Endless: true})
				s.policy(policy.Policy{AutoConverge: new(true), StallTimeout: new(time.Minute)})
				err := fails[*migration.NotConvergedError](s, runsOnSource, test.words)
				if err.Course.Figures.Throttle != test.stuck {
					s.Errorf("throttle %d, want %d", err.Course.Figures.Throttle, test.stuck)
				}
			})
		})
	}
}

func TestRunCallsAnIdleLinkOff(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]policy.Policy{
		"abort": {},
		// Both would make it worse: the link is what is broken.
		"post-copy": {PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
		"pause":     {OnTimeout: new(policy.Pause)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.IdleAfter = 5 * time.Second
				s.world.Play(script)
				p.StallTimeout = new(time.Minute)
				s.policy(p)
				began := time.Now()
				err := fails[*migration.TimedOutError](s, runsOnSource, "no byte had been sent for 1m")
				if err.Limit != policy.FieldStallTimeout {
					s.Errorf("limit %s", err.Limit)
				}
				if took := time.Since(began); took < 65*time.Second || took > 70*time.Second {
					s.Errorf("took %s, want 5 s and a minute", took)
				}
				if s.kvm1.Calls("StartPostCopy")+s.kvm1.Calls("Suspend") > 0 {
					s.Error("on_timeout was tried over a dead link")
				}
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

func TestRunWithoutStallTimeoutWaits(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{StallTimeout: new(time.Duration(0)), Timeout: new(time.Hour)})
		began := time.Now()
		fails[*migration.TimedOutError](s, runsOnSource)
		if took := time.Since(began); took < time.Hour {
			s.Errorf("cancelled after %s", took)
		}
	})
}

func TestRunTimesOut(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{Timeout: new(45 * time.Second), MaxDowntimeMS: new(int64(100))})
		began := time.Now()
		err := fails[*migration.TimedOutError](s, runsOnSource, "not finished after 45s (timeout, run)", "auto_converge is false")
		if explain.Failure(err).Summary != "Migration Timed Out" || err.Limit != policy.FieldTimeout {
			s.Errorf("summary %q, limit %s", explain.Failure(err).Summary, err.Limit)
		}
		if took := time.Since(began); took < 45*time.Second || took > 50*time.Second {
			s.Errorf("took %s", took)
		}
		if d := s.kvm1.Downtime(uuid); d != 300 {
			s.Errorf("the longest pause is left at %d ms", d)
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunSwitchesToPostCopy(t *testing.T) {
	t.Parallel()
	limits := map[string]policy.Policy{
		"when it times out": {Timeout: new(20 * time.Second)},
		"when it stalls":    {StallTimeout: new(10 * time.Second)},
	}
	for name, p := range limits {
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					script := mt.Endless()
					script.PostCopyTakes = 90 * time.Second // longer than any limit of an ordinary call
					s.world.Play(script)
					limited := p
					limited.PostCopy, limited.OnTimeout = new(true), new(policy.SwitchToPostCopy)
					s.policy(limited)
					s.request.Mode = mode
					if r := s.arrives(); r.Phase != migration.PhasePostCopy || r.Mode != mode {
						s.Errorf("phase %s, mode %s", r.Phase, r.Mode)
					}
					if n := s.kvm1.Calls("AbortJob"); n > 0 {
						s.Errorf("%d aborts in post-copy", n)
					}
				})
			})
		}
	}
}

// It is told once that nothing arrives.
func TestRunTellsOfAnIdleLinkInPostCopy(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.IdleAfter, script.PostCopyTakes = 15*time.Second, time.Minute
		s.world.Play(script)
		s.policy(policy.Policy{Timeout: new(20 * time.Second), StallTimeout: new(time.Duration(0)), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
		s.arrives()
		told := 0
		for _, p := range s.progress {
			if strings.Contains(explain.Notice(p), "no memory has arrived for 10s") {
				told++
			}
		}
		if told != 1 {
			s.Errorf("told %d times: %v", told, s.progress)
		}
	})
}

func TestRunPausesTheGuest(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PausedTakes = 3 * time.Second
		s.world.Play(script)
		s.policy(policy.Policy{Timeout: new(20 * time.Second), OnTimeout: new(policy.Pause)})
		if r := s.arrives(); r.Phase != migration.PhasePaused {
			s.Errorf("phase %s", r.Phase)
		}
	})
}

func TestRunAbortsAndResumesWhenPausingDoesNotEndIt(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{Timeout: new(20 * time.Second), StallTimeout: new(time.Duration(0)), OnTimeout: new(policy.Pause)})
		began := time.Now()
		fails[*migration.TimedOutError](s, runsOnSource, "Pausing the guest did not end it within 1m0s")
		if took := time.Since(began); took < 80*time.Second || took > 90*time.Second {
			s.Errorf("took %s, want 20 s and a minute", took)
		}
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunAbortsWhenOnTimeoutIsRefused(t *testing.T) {
	t.Parallel()
	refused := mt.Always(migration.ErrNotActive)
	tests := map[string]struct {
		call   string
		policy policy.Policy
	}{
		"post-copy": {"StartPostCopy", policy.Policy{PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)}},
		"pause":     {"Suspend", policy.Policy{OnTimeout: new(policy.Pause)}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Endless())
				test.policy.Timeout = new(20 * time.Second)
				s.policy(test.policy)
				s.kvm1.Before(test.call, refused)
				fails[*migration.TimedOutError](s, runsOnSource, "could not be applied")
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

func TestRunNeverCallsPostCopyOffAfterALostAnswer(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PostCopyTakes, script.QuietPostCopy = 2*time.Minute, true
		s.world.Play(script)
		s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
		// The switch is made and its answer lost; asking again is refused.
		s.kvm1.After("StartPostCopy", mt.Times(1, migration.ErrUnreachable))
		s.arrives()
		if n := s.kvm1.Calls("AbortJob"); n > 0 {
			s.Errorf("%d aborts in post-copy", n)
		}
	})
}

func TestRunLeavesBothPartsOfAFailedPostCopy(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.PostCopyTakes, script.PostCopyErr = 5*time.Second, errInternal
				s.world.Play(script)
				s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
				s.request.Mode = mode
				err := fails[*migration.FailedError](s, "VM web cannot go on: a part of its memory is on kvm2 and the rest is on kvm1",
					"failed in post-copy", "--postcopy-resume")
				if place := err.Common().Outcome.Place(); place != migration.SplitMemory {
					s.Errorf("place %q", place)
				}
				for _, h := range []*mt.Host{s.kvm1, s.kvm2} {
					if held, ok := h.Held(uuid); !ok || held.State != migration.StatePostCopyFailed {
						s.Errorf("%s: held %t, %s", h.Name(), ok, held.State)
					}
				}
				if s.kvm1.Calls("Resume")+s.kvm2.Calls("Resume") > 0 {
					s.Error("a part was resumed")
				}
			})
		})
	}
}

func TestRunSaysWhyOnTimeoutWasNotTried(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]policy.Policy{
		"post_copy": {PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
		"pause":     {OnTimeout: new(policy.Pause)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for why, test := range map[string]struct {
				script mt.Script
				stall  time.Duration
			}{
				"no memory had been sent by then": {mt.Script{Starting: time.Hour, Passes: mt.Converging().Passes, AbortTakes: time.Second}, 0},
				"the link had been idle for 15s":  {mt.Script{Passes: mt.Endless().Passes, Endless: true, IdleAfter: 5 * time.Second, AbortTakes: time.Second}, 0},
				"the link had been idle for 10s":  {mt.Script{Passes: mt.Endless().Passes, Endless: true, IdleAfter: 5 * time.Second, AbortTakes: time.Second}, 10 * time.Second},
			} {
				t.Run(why, func(t *testing.T) {
					t.Parallel()
					play(t, func(s *scene) {
						s.world.Play(test.script)
						limited := p
						limited.Timeout, limited.StallTimeout = new(20*time.Second), new(test.stall)
						s.policy(limited)
						fails[*migration.TimedOutError](s, runsOnSource, "on_timeout = \""+name+"\" was not tried, because "+why)
						s.expectSaid("on_timeout = \"" + name + "\" is not tried, because " + why)
					})
				})
			}
		})
	}
}

func TestRunDoesNotClaimToHavePausedAGuestThatItCouldNotReach(t *testing.T) {
	t.Parallel()
	pausing := policy.Policy{Timeout: new(20 * time.Second), StallTimeout: new(time.Duration(0)), OnTimeout: new(policy.Pause)}
	t.Run("to the end", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.world.Play(mt.Endless())
			s.policy(pausing)
			s.kvm1.Before("Suspend", mt.Always(migration.ErrUnreachable))
			err := fails[*migration.TimedOutError](s, runsOnSource, "was told to pause the guest (on_timeout), and did not say within 1m0s that it had")
			if s.said("paused the guest, so that") || strings.Contains(words(err), "Pausing the guest") {
				s.Errorf("it says that the guest was paused: %v\n%v", s.progress, err)
			}
			s.expectSaid("asked libvirt to pause the guest, and it did not answer")
		})
	})
	t.Run("for a moment", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			script := mt.Endless()
			script.PausedTakes = 10 * time.Second
			s.world.Play(script)
			s.policy(pausing)
			s.kvm1.Before("Suspend", mt.Times(2, migration.ErrUnreachable))
			if r := s.arrives(); r.Phase != migration.PhasePaused {
				s.Errorf("phase %s", r.Phase)
			}
		})
	})
	t.Run("only the answer was lost", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.world.Play(mt.Endless())
			s.policy(pausing)
			s.kvm1.After("Suspend", mt.Times(1, migration.ErrUnreachable))
			fails[*migration.TimedOutError](s, runsOnSource, "Pausing the guest did not end it within 1m0s")
		})
	})
}

func TestRunSaysTruthfullyThatTheSwitchToPostCopyWasNotMade(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
		s.kvm1.Before("StartPostCopy", mt.Always(migration.ErrUnreachable))
		fails[*migration.TimedOutError](s, runsOnSource, "could not be applied")
		if s.said("refused") {
			s.Errorf("a host that did not answer is said to have refused: %v", s.progress)
		}
	})
}

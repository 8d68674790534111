package migration_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// underWay starts the migration that a killed client has left behind.
func (s *scene) underWay(script mt.Script, destination *mt.Host, p migration.Parameters) {
	s.Helper()
	s.world.Play(script)
	p.Persistent = true
	if err := s.kvm1.Start(uuid, destination, p); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) startedNothing() {
	s.Helper()
	if n := s.kvm1.Calls("MigratePeerToPeer") + s.kvm1.Calls("Begin"); n > 0 {
		s.Errorf("%d migrations were started", n)
	}
}

func TestRunDoesNotAdoptAMigrationThatMayGoElsewhere(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		s.request.Rival = true
		fails[*migration.PreflightError](s, runsOnSource, "more than one host holds an incoming domain")
		s.startedNothing()
		if n := s.kvm1.Calls("AbortJob"); n > 0 {
			s.Errorf("a job that may be another's was aborted %d times", n)
		}
	})
}

func TestRunAdoptsAMigrationUnderWay(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		time.Sleep(5 * time.Second)
		began := time.Now()
		r := s.arrives()
		if !r.Adopted || !r.Moved || r.Mode != "" {
			s.Errorf("report: %+v", r)
		}
		if r.Duration != converges || !r.StartedAt.Equal(began.Add(-5*time.Second)) {
			s.Errorf("duration %s, started at %s", r.Duration, r.StartedAt)
		}
		s.startedNothing()
	})
}

func TestRunAdoptsAMigrationThatHasJustBegun(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		// The destination does not show its incoming domain yet.
		s.kvm2.Before("Domain", mt.Times(3, migration.ErrNoDomain))
		s.arrives()
		s.startedNothing()
	})
}

func TestRunAdoptsAMigrationThatSomeoneElseWasQuickerToStart(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				start := mt.Do(func() { s.underWay(mt.Converging(), s.kvm2, migration.Parameters{}) })
				s.kvm1.Before("MigratePeerToPeer", start)
				s.kvm1.Before("Begin", start)
				if r := s.arrives(); !r.Adopted || r.Mode != "" {
					s.Errorf("report: %+v", r)
				}
			})
		})
	}
}

func TestRunTellsThatAnotherOperationHoldsTheVM(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Before("MigratePeerToPeer", mt.Always(migration.ErrBusy))
		fails[*migration.FailedError](s, runsOnSource, "busy")
		s.runsOn(s.kvm1, s.kvm2)
	})
}

func TestRunEndsAnAdoptedMigration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(*scene)
		want    func(*scene)
	}{
		"cancelled": {
			func(s *scene) { s.at(3*time.Second, s.cancel) },
			func(s *scene) { fails[*migration.CancelledError](s, runsOnSource) },
		},
		"timed out, counted from the start of the job": {
			func(s *scene) { s.policy(policy.Policy{Timeout: new(30 * time.Second)}); time.Sleep(29 * time.Second) },
			func(s *scene) {
				began := time.Now()
				fails[*migration.TimedOutError](s, runsOnSource)
				if took := time.Since(began); took > 5*time.Second {
					s.Errorf("took %s", took)
				}
			},
		},
		"stalled": {
			func(s *scene) { s.policy(policy.Policy{StallTimeout: new(20 * time.Second)}) },
			func(s *scene) {
				// Its entry in the history is that of the run that began it.
				if c := fails[*migration.NotConvergedError](s, runsOnSource).Course; !c.Adopted || c.Mode != "" {
					s.Errorf("the course is %+v", c)
				}
			},
		},
		"failed": {
			func(s *scene) { s.at(3*time.Second, func() { s.kvm2.Kill(uuid) }) },
			func(s *scene) { fails[*migration.FailedError](s, runsOnSource) },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.underWay(mt.Endless(), s.kvm2, migration.Parameters{})
				test.arrange(s)
				test.want(s)
				s.startedNothing()
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

// The memory that it has sent is known from the checks: on_timeout is tried, also where
// the limit had passed before, and however slow the source answers.
func TestRunTriesOnTimeoutOnAnAdoptedMigrationThatIsOverdue(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]time.Duration{"at once": 0, "slowly": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				script := mt.Endless()
				script.PostCopyTakes = 10 * time.Second
				s.underWay(script, s.kvm2, migration.Parameters{Policy: policy.Parameters{Flags: []string{policy.FlagPostCopy}}})
				time.Sleep(time.Minute)
				s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
				s.kvm1.Before("Job", func(ctx contextT) error { return pauseFor(ctx, slow) })
				if r := s.arrives(); r.Phase != migration.PhasePostCopy {
					s.Errorf("phase %s", r.Phase)
				}
			})
		})
	}
}

func TestRunAdoptsPostCopyAndNeverCallsItOff(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PostCopyTakes = time.Minute
		s.underWay(script, s.kvm2, migration.Parameters{Policy: policy.Parameters{Flags: []string{policy.FlagPostCopy}}})
		time.Sleep(12 * time.Second)
		if err := s.kvm1.StartPostCopy(context.Background(), uuid); err != nil {
			s.Fatal(err)
		}
		s.policy(policy.Policy{Timeout: new(13 * time.Second)})
		s.at(5*time.Second, s.cancel)
		if r := s.arrives(); r.Phase != migration.PhasePostCopy {
			s.Errorf("phase %s", r.Phase)
		}
		if n := s.kvm1.Calls("AbortJob"); n > 0 {
			s.Errorf("%d aborts in post-copy", n)
		}
	})
}

// on_timeout = "pause" of the client that was killed has stopped the guest, or the
// switch-over has: either way it is to run in the end.
func TestRunAdoptsAMigrationWhoseGuestIsStopped(t *testing.T) {
	t.Parallel()
	suspended := func(s *scene, script mt.Script) {
		s.underWay(script, s.kvm2, migration.Parameters{})
		time.Sleep(time.Second)
		if err := s.kvm1.Suspend(context.Background(), uuid); err != nil {
			s.Fatal(err)
		}
	}
	t.Run("it arrives", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			suspended(s, mt.Converging())
			if r := s.arrives(); !r.Adopted || r.State != migration.StateRunning || len(r.Warnings) > 0 {
				s.Errorf("report: %+v", r)
			}
		})
	})
	t.Run("it fails", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			suspended(s, mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
			fails[*migration.FailedError](s, runsOnSource)
		})
	})
	t.Run("it times out", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			suspended(s, mt.Endless())
			s.policy(policy.Policy{Timeout: new(20 * time.Second), StallTimeout: new(time.Duration(0)), OnTimeout: new(policy.Pause)})
			fails[*migration.TimedOutError](s, runsOnSource, "Pausing the guest did not end it")
		})
	})
}

// Somebody paused the guest before, or asked for that (virsh migrate --suspend).
func TestRunAdoptsAMigrationThatLeavesTheGuestPaused(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*scene){
		"it was paused before": func(s *scene) {
			s.kvm1.Pause(uuid, migration.ReasonUser)
			s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		},
		"it was asked to": func(s *scene) {
			s.underWay(mt.Script{Passes: mt.Converging().Passes, ArrivePaused: true, Reason: migration.ReasonUser}, s.kvm2, migration.Parameters{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				r, err := s.run()
				if err != nil || !r.Adopted || r.State != migration.StatePaused {
					s.Fatalf("report %+v, %v", r, err)
				}
				if len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "`virsh resume "+uuid+"` there") {
					s.Errorf("warnings: %q", warnings(r))
				}
				s.neverResumed()
			})
		})
	}
	t.Run("and it fails", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.Pause(uuid, migration.ReasonUser)
			s.underWay(mt.Script{Passes: mt.Converging().Passes, Err: errInternal}, s.kvm2, migration.Parameters{})
			fails[*migration.FailedError](s, "VM web is paused on kvm1", "somebody asked for that", "`virsh resume "+uuid+"` on kvm1")
			s.neverResumed()
		})
	})
}

func TestRunRefusesAMigrationToSomewhereElse(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		elsewhere := mt.NewWorld("kvm3").Host("kvm3")
		s.underWay(mt.Converging(), elsewhere, migration.Parameters{})
		err := fails[*migration.PreflightError](s, runsOnSource, "under way already", "kvm2 does not hold its incoming domain")
		if err.Findings[0].Check != migration.CheckJob {
			s.Errorf("check %q", err.Findings[0].Check)
		}
		s.startedNothing()
		s.kvm1.Abort(uuid)
	})
}

func TestRunReportsAMigrationThatEndedUnwatched(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		time.Sleep(time.Minute)
		r, err := s.run()
		if err != nil {
			s.Fatal(err)
		}
		if r.Moved || !r.Unwatched || r.State != migration.StateRunning || r.Duration != converges || r.Downtime == nil || r.Iterations != 3 || r.Throttle != nil {
			s.Errorf("report: %+v", r)
		}
		s.startedNothing()
	})
}

func TestRunFindsTheVMOnTheDestinationAlready(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.Kill(uuid)
		s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning, Persistent: true})
		r, err := s.run()
		if err != nil {
			s.Fatal(err)
		}
		if r.Moved || r.Unwatched || r.Destination != "kvm2" || r.State != migration.StateRunning {
			s.Errorf("report: %+v", r)
		}
		s.startedNothing()
	})
}

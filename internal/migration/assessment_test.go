package migration_test

import (
	"context"
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

const (
	asError   = "error"
	asWarning = "warning"
)

func TestAssessNamesTheCheckThatFailed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(*scene)
		check   migration.Check
		host    string
		as      string
		lasting bool
		words   string
	}{
		"the destination refuses": {
			func(s *scene) { s.kvm2.Cut() },
			migration.CheckAnswers, "kvm2", asError, false, "does not answer",
		},
		"the destination is mute": {
			func(s *scene) { s.kvm2.Mute() },
			migration.CheckAnswers, "kvm2", asError, false, "does not answer",
		},
		"the source is mute": {
			func(s *scene) { s.kvm1.Mute() },
			migration.CheckAnswers, "kvm1", asError, false, "does not answer",
		},
		"both names are one host": {
			func(s *scene) { s.kvm2.Is = s.kvm1.Is },
			migration.CheckHosts, "", asError, true, "the same host",
		},
		"two hosts have one UUID": {
			func(s *scene) { s.kvm2.Is.HostUUID = s.kvm1.Is.HostUUID },
			migration.CheckHosts, "", asError, true, "set host_uuid",
		},
		"the VM is shut off": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) },
			migration.CheckState, "kvm1", asError, false, "not running on kvm1 (shut off)",
		},
		"the VM has crashed": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateCrashed) },
			migration.CheckState, "kvm1", asError, false, "crashed",
		},
		"the VM is gone": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff); s.request.UUID = "other" },
			migration.CheckState, "kvm1", asError, false, "does not exist",
		},
		"a failed post-copy": {
			func(s *scene) { s.kvm1.SetState(uuid, migration.StatePostCopyFailed) },
			migration.CheckState, "kvm1", asError, false, "lost its link",
		},
		"the VM runs twice": {
			func(s *scene) { s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateRunning}) },
			migration.CheckOneHome, "", asError, false, "running on kvm1 and running on kvm2",
		},
		"the destination holds a paused copy": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StatePaused})
			},
			migration.CheckOneHome, "", asError, false, "running on kvm1 and paused on kvm2",
		},
		"the destination holds a copy that has crashed": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateCrashed})
			},
			migration.CheckOneHome, "", asError, false, "running on kvm1 and crashed on kvm2",
		},
		"another job": {
			func(s *scene) { s.kvm1.Before("Job", mt.Always(errInternal)) },
			migration.CheckJob, "kvm1", asError, false, "does not say whether another job runs",
		},
		"an incoming domain is left": {
			func(s *scene) {
				s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateIncoming})
			},
			migration.CheckJob, "kvm2", asError, false, "still holds the incoming domain",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.arrange(s)
				began := time.Now()
				a := migration.Assess(s.ctx, s.request)
				if took := time.Since(began); took > 40*time.Second {
					s.Errorf("took %s", took)
				}
				if len(a.Findings) != 1 {
					s.Fatalf("%d findings: %v", len(a.Findings), a.Findings)
				}
				f := a.Findings[0]
				if f.Check != test.check || f.Host != test.host || f.Lasting != test.lasting || f.Warning != (test.as == asWarning) {
					s.Errorf("finding: %+v", f)
				}
				if text := explain.Finding(f); !strings.Contains(text, test.words) {
					s.Errorf("%q does not say %q", text, test.words)
				}
				s.commandsByUUID(explain.Finding(f))
				s.changedNothing()
			})
		})
	}
}

// changedNothing checks that no call was made that changes anything.
func (s *scene) changedNothing() {
	s.Helper()
	for _, h := range []*mt.Host{s.kvm1, s.kvm2} {
		for _, call := range []string{"Resume", "AbortJob", "Suspend", "SetMaxDowntime", "MigratePeerToPeer", "Begin", "Prepare"} {
			if n := h.Calls(call); n > 0 {
				s.Errorf("%d calls of %s on %s", n, call, h.Name())
			}
		}
	}
}

func TestAssessOfAGoodMoveFindsNothing(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		a := migration.Assess(s.ctx, s.request)
		if len(a.Findings) > 0 || a.AlreadyThere || a.Running {
			s.Errorf("%+v", a)
		}
	})
}

// doubt is a fact of a check that is not the engine's.
type doubt struct{}

func (doubt) Problem() string { return "doubt" }

// finds has the checks before the start find something.
func (s *scene) finds(found ...migration.Finding) {
	s.request.Preflight = func(context.Context, migration.Assessment) []migration.Finding { return found }
}

func TestRunStartsNothingAgainstAnErrorOfAnotherCheck(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.finds(migration.Finding{Check: "another", Fact: doubt{}, Host: "kvm2", Err: errInternal})
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(100))})
		err := fails[*migration.PreflightError](s, runsOnSource, "was not started", "another on kvm2", "doubt")
		if !errors.Is(err, errInternal) {
			s.Error("the error behind it is lost")
		}
		if explain.Failure(err).Summary != "Unable to Migrate VM" {
			s.Errorf("summary %q", explain.Failure(err).Summary)
		}
		s.changedNothing()
	})
}

// Other checks ask nobody about a VM that cannot be moved as it is.
func TestRunMakesOtherChecksOnlyOfWhatCanBeMoved(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*scene){
		"shut off": func(s *scene) { s.kvm1.SetState(uuid, migration.StateShutOff) },
		"there already": func(s *scene) {
			s.kvm1.Kill(uuid)
			s.kvm2.Put(migration.Domain{UUID: uuid, State: migration.StateRunning})
		},
		"under way": func(s *scene) { s.underWay(mt.Converging(), s.kvm2, migration.Parameters{}) },
		"cancelled": func(s *scene) { s.cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				arrange(s)
				s.request.Preflight = func(context.Context, migration.Assessment) []migration.Finding {
					s.Error("the checks are made")
					return nil
				}
				_, _ = s.run()
			})
		})
	}
}

func TestRunIsCancelledDuringOtherChecks(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Preflight = func(context.Context, migration.Assessment) []migration.Finding {
			s.cancel()
			return []migration.Finding{{Check: "another", Fact: doubt{}}}
		}
		fails[*migration.CancelledError](s, runsOnSource)
		s.changedNothing()
	})
}

// What is not ready is not started, and is not called cancelled.
func TestRunStartsNothingThatIsNotReady(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.finds(migration.Finding{Check: "another", Fact: doubt{}, Warning: true})
		s.request.Ready = func(context.Context) (migration.Prepared, error) { return migration.Prepared{}, errInternal }
		if _, err := migration.Run(s.ctx, s.request, nil); !errors.Is(err, errInternal) || errors.As(err, new(migration.Diagnosis)) {
			s.Errorf("got %v", err)
		}
		s.changedNothing()
	})
}

func TestRunIsCancelledWhileItGetsReady(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Ready = func(ctx context.Context) (migration.Prepared, error) {
			s.cancel()
			return migration.Prepared{}, ctx.Err()
		}
		fails[*migration.CancelledError](s, runsOnSource)
		s.changedNothing()
	})
}

func TestRunTellsWhereAShutOffVMIs(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetState(uuid, migration.StateShutOff)
		err := fails[*migration.PreflightError](s, "VM web is shut off on kvm1", "VM web is not running on kvm1 (shut off)")
		// And no advice as if it had ended on the way.
		if strings.Contains(words(err), "QEMU ended") {
			s.Errorf("it says that the VM has ended: %v", words(err))
		}
		s.changedNothing()
	})
}

func TestAssessTellsThatTheHostsAreTheSame(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Destination = s.kvm1
		a := migration.Assess(s.ctx, s.request)
		if len(a.Findings) != 1 || a.Findings[0].Fact != (migration.SameHost{Identity: s.kvm1.Is}) || a.AlreadyThere {
			s.Errorf("%+v", a)
		}
	})
}

// alias is a host by another name.
type alias struct {
	*mt.Host
	name string
}

func (a alias) Name() string { return a.name }

// While it does not answer, nobody knows that the two are one.
func TestAssessOfASilentHostUnderTwoNames(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Destination = alias{s.kvm1, "kvm1.example.com"}
		s.kvm1.Mute()
		a := migration.Assess(s.ctx, s.request)
		var silent []string
		for _, f := range a.Errors() {
			if f.Fact == (migration.NoAnswer{}) && !f.Lasting {
				silent = append(silent, f.Host)
			}
		}
		if want := []string{"kvm1", "kvm1.example.com"}; !slices.Equal(silent, want) || len(a.Findings) != len(want) || a.AlreadyThere || a.Running {
			s.Errorf("%v do not answer, want %v: %+v", silent, want, a)
		}
	})
}

func TestRunGoesOnInSpiteOfAWarning(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.finds(migration.Finding{Check: "another", Fact: doubt{}, Host: "kvm2", Warning: true})
		s.arrives()
		s.expectSaid("warning: another on kvm2")
	})
}

func TestRunWaitsForAReceivingHalfToGo(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm2.Put(migration.Domain{UUID: uuid, Name: "web", State: migration.StateIncoming})
		s.at(2*time.Second, func() { s.kvm2.Kill(uuid) })
		s.arrives()
	})
}

package migration_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDirectMigrates(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode, s.request.PeerURI = migration.Direct, ""
		if r := s.arrives(); r.Mode != migration.Direct || r.Downtime == nil {
			s.Errorf("report: %+v", r)
		}
		if n := s.kvm1.Calls("MigratePeerToPeer"); n > 0 {
			s.Error("peer-to-peer was tried")
		}
	})
}

// stepHost is the host on which a step of a direct migration is made.
func (s *scene) stepHost(step string) *mt.Host {
	if step == "Prepare" || step == "Finish" {
		return s.kvm2
	}
	return s.kvm1
}

var steps = []string{"Begin", "Prepare", "Perform", "Finish", "Confirm"}

func TestDirectFailureOfAStepLeavesTheVMOnTheSource(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"Begin", "Prepare", "Perform", "Finish"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.stepHost(step).Before(step, mt.Times(1, errInternal))
				fails[*migration.FailedError](s, runsOnSource, "unable to execute QEMU command")
				// A Prepare that answers with an error has left nothing, and a
				// Finish that does has ended its incoming domain; the fake keeps it.
				if step != "Finish" {
					s.runsOn(s.kvm1, s.kvm2)
				}
			})
		})
	}
}

func TestDirectCancelAtAStep(t *testing.T) {
	t.Parallel()
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.stepHost(step).Before(step, func(ctx contextT) error {
					s.cancel()
					return pauseFor(ctx, time.Second)
				})
				switch step {
				case "Finish", "Confirm": // the memory is there already
					s.arrives()
					if n := s.kvm1.Calls("AbortJob"); n > 0 {
						s.Errorf("%d aborts after all memory was sent", n)
					}
				default:
					fails[*migration.CancelledError](s, runsOnSource)
					if n := s.kvm1.Calls("Perform"); n > 0 && step != "Perform" {
						s.Error("memory was sent after the cancel")
					}
					s.runsOn(s.kvm1, s.kvm2)
				}
			})
		})
	}
}

func TestDirectWithALostAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step    string
		arrives bool
	}{
		"Begin":   {"Begin", false},
		"Prepare": {"Prepare", false},
		"Perform": {"Perform", false}, // sent all, but that is not known: thrown away, resumed
		"Finish":  {"Finish", true},   // runs there: the source is confirmed
		"Confirm": {"Confirm", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.stepHost(test.step).After(test.step, mt.Times(1, migration.ErrUnreachable))
				if test.arrives {
					s.arrives()
					return
				}
				fails[*migration.FailedError](s, runsOnSource)
				s.runsOn(s.kvm1, s.kvm2)
				if n := s.kvm1.Calls("Confirm"); test.step == "Perform" && n != 1 {
					s.Errorf("the source was told %d times that it keeps the VM", n)
				}
			})
		})
	}
}

// A guest that panicked on the destination has run there: the source's copy must
// not run any more.
func TestDirectConfirmsAGuestThatPanickedOnArrival(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.After("Finish", func(contextT) error {
			s.kvm2.SetState(uuid, migration.StateCrashed)
			return errInternal
		})
		fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2", "The guest panicked on kvm2")
		if d, ok := s.kvm1.Held(uuid); ok {
			s.Errorf("kvm1 still holds the VM: %v", d.State)
		}
	})
}

func TestDirectLeavesTheGuestPausedWhileTheDestinationIsSilent(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*mt.Host){"cut": (*mt.Host).Cut, "mute": (*mt.Host).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				s.kvm2.Before("Finish", mt.Do(func() { fault(s.kvm2) }))
				fails[*migration.FailedError](s,
					"VM web is paused on kvm1; whether it is running on kvm2 is not known, because kvm2 does not answer", "Once kvm2 answers", "`virsh resume "+uuid+"` on kvm1")
				if n := s.kvm1.Calls("Resume"); n > 0 {
					s.Error("the guest was resumed although it may run on kvm2")
				}
				if d, _ := s.kvm1.Held(uuid); d.State != migration.StatePaused {
					s.Errorf("the VM is %s on kvm1", d.State)
				}
			})
		})
	}
}

// Told to start the guest, it might do so later; so it is not told.
func TestDirectKeepsTheGuestWhereItIsWhenTheDestinationFellSilentBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*mt.Host){"cut": (*mt.Host).Cut, "mute": (*mt.Host).Mute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = migration.Direct
				var fell time.Time
				s.kvm1.After("Perform", mt.Do(func() { fell = time.Now(); fault(s.kvm2) }))
				s.kvm1.Before("Confirm", mt.Do(func() {
					if took := time.Since(fell); took > 5*time.Second {
						s.Errorf("the guest was stopped for %s", took)
					}
				}))
				fails[*migration.FailedError](s, runsOnSource, "kvm2 did not answer when the memory had been sent, and was not told to start the VM")
				if n := s.kvm2.Calls("Finish"); n > 0 {
					s.Errorf("the destination was told %d times to start the guest", n)
				}
			})
		})
	}
}

func TestDirectSourceLostWhileSending(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.at(5*time.Second, s.kvm1.Cut)
		s.at(6*time.Second, s.kvm1.Restore)
		fails[*migration.FailedError](s, runsOnSource)
		s.runsOn(s.kvm1, s.kvm2)
	})
}

// The destination's domain is the VM by then.
func TestDirectAnswerLostInPostCopyLeavesTheDestinationAlone(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		script := mt.Endless()
		script.PostCopyTakes = time.Minute
		s.world.Play(script)
		s.policy(policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
		s.request.Mode = migration.Direct
		s.kvm1.After("Perform", mt.Always(migration.ErrUnreachable))
		if _, err := s.run(); err == nil {
			s.Error("the move is said to have succeeded")
		}
		if n := s.kvm2.Calls("Finish"); n > 0 {
			s.Errorf("the destination was told %d times to discard its domain", n)
		}
	})
}

func TestDirectMuteDestination(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm2.Before("Prepare", mt.Do(s.kvm2.Mute))
		began := time.Now()
		fails[*migration.FailedError](s, runsOnSource, "kvm2 did not answer when it was to prepare")
		if took := time.Since(began); took > 2*time.Minute {
			s.Errorf("took %s", took)
		}
	})
}

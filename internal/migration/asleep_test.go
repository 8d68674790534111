package migration_test

import (
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const asleepOnSource = "VM web is asleep (pmsuspended) on kvm1"

var bothModes = []migration.Mode{migration.PeerToPeer, migration.Direct}

// sleeps plays a test with a guest that has put itself to sleep on kvm1, in both
// modes.
func sleeps(t *testing.T, test func(s *scene)) {
	t.Helper()
	for _, mode := range bothModes {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.kvm1.SetState(uuid, migration.StateAsleep)
				s.request.Mode = mode
				test(s)
				s.neverResumed()
			})
		})
	}
}

func (s *scene) asleepOn(host, other *mt.Host) {
	s.Helper()
	if d, ok := host.Held(uuid); !ok || d.State != migration.StateAsleep {
		s.Errorf("on %s the VM is %v (held: %t), want it asleep", host.Name(), d.State, ok)
	}
	if d, ok := other.Held(uuid); ok {
		s.Errorf("%s still holds the VM: %v", other.Name(), d.State)
	}
}

// With VIR_MIGRATE_PAUSED it could not be woken on the destination.
func TestRunMovesASleepingGuestAsItIs(t *testing.T) {
	t.Parallel()
	sleeps(t, func(s *scene) {
		s.policy(policy.Policy{PostCopy: new(true)})
		r := s.arrives()
		if p := s.world.Sent(); p.Paused || p.PostCopy() {
			s.Errorf("sent with paused %t, post-copy %t", p.Paused, p.PostCopy())
		}
		if len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "`virsh dompmwakeup "+uuid+"` on kvm2") {
			s.Errorf("warnings: %q", warnings(r))
		}
	})
}

func TestRunLeavesASleepingGuestAsleepOnTheSource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arrange func(*scene)
		fails   func(*scene)
	}{
		"cancelled": {
			func(s *scene) { s.at(7*time.Second, s.cancel) },
			func(s *scene) { fails[*migration.CancelledError](s, asleepOnSource, "was cancelled") },
		},
		"cancelled before the start": {
			func(s *scene) { s.cancel() },
			func(s *scene) { fails[*migration.CancelledError](s, asleepOnSource) },
		},
		"pause on timeout": {
			func(s *scene) {
				s.policy(policy.Policy{Timeout: new(7 * time.Second), OnTimeout: new(policy.Pause)})
			},
			func(s *scene) {
				fails[*migration.TimedOutError](s, asleepOnSource, `on_timeout = "pause" was not tried, because the guest was asleep`)
			},
		},
		"post-copy on timeout": {
			func(s *scene) {
				s.policy(policy.Policy{Timeout: new(7 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)})
			},
			func(s *scene) {
				fails[*migration.TimedOutError](s, asleepOnSource, `on_timeout = "post_copy" was not tried, because the guest was asleep`)
			},
		},
		"failed": {
			func(s *scene) {
				s.at(7*time.Second, func() { s.kvm1.Abort(uuid) })
			},
			func(s *scene) {
				fails[*migration.CancelledError](s, asleepOnSource, "`virsh dompmwakeup "+uuid+"` on kvm1")
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sleeps(t, func(s *scene) {
				test.arrange(s)
				began := time.Now()
				test.fails(s)
				if took := time.Since(began); took > 10*time.Second {
					s.Errorf("took %s: 3 s are enough for the end", took)
				}
				s.asleepOn(s.kvm1, s.kvm2)
				if n := s.kvm1.Calls("Suspend") + s.kvm1.Calls("StartPostCopy"); n > 0 {
					s.Errorf("%d orders to pause it or to switch it to post-copy", n)
				}
			})
		})
	}
}

// It may fall asleep, or be woken, at any moment of the move.
func TestRunMovesAGuestThatFallsAsleepOrIsWoken(t *testing.T) {
	t.Parallel()
	for name, states := range map[string][2]migration.DomainState{
		"falls asleep": {migration.StateRunning, migration.StateAsleep},
		"is woken":     {migration.StateAsleep, migration.StateRunning},
	} {
		for _, mode := range bothModes {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					s.kvm1.SetState(uuid, states[0])
					s.at(5*time.Second, func() { s.kvm1.SetState(uuid, states[1]) })
					s.arrives()
				})
			})
		}
	}
}

// A libvirt that knows that the guest is asleep on the destination says so.
func TestRunTakesAGuestThatIsAsleepOnTheDestinationForArrived(t *testing.T) {
	t.Parallel()
	sleeps(t, func(s *scene) {
		s.kvm2.Before("Domain", mt.Do(func() {
			if d, _ := s.kvm2.Held(uuid); d.State == migration.StateRunning {
				s.kvm2.SetState(uuid, migration.StateAsleep)
			}
		}))
		r, err := s.run()
		if err != nil || !r.Moved || r.State != migration.StateAsleep {
			s.Fatalf("report %+v, %v", r, err)
		}
		s.asleepOn(s.kvm2, s.kvm1)
	})
	t.Run("already there", func(t *testing.T) {
		t.Parallel()
		play(t, func(s *scene) {
			s.kvm1.SetState(uuid, migration.StateAsleep)
			if r, err := migration.Arrival(s.ctx, s.kvm1, uuid); err != nil || r.Moved || r.State != migration.StateAsleep || len(r.Warnings) > 0 {
				s.Errorf("report %+v, %v", r, err)
			}
		})
	})
}

// libvirt could not let its QEMU go on: paused, it could not be woken.
func TestRunResumesASleepingGuestThatArrivesPaused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetState(uuid, migration.StateAsleep)
		s.world.Play(mt.Script{Passes: mt.Converging().Passes, ArrivePaused: true, Reason: migration.ReasonAPIError})
		s.arrives()
	})
}

func TestRunAdoptsTheMigrationOfASleepingGuest(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.kvm1.SetState(uuid, migration.StateAsleep)
		s.underWay(mt.Converging(), s.kvm2, migration.Parameters{})
		if r := s.arrives(); !r.Adopted {
			s.Errorf("report: %+v", r)
		}
	})
}

// Its memory has been sent, and the destination could not start it: then QEMU on
// the source cannot wake it any more.
func TestRunTellsWhatToDoWithASleepingGuestThatCannotBeWoken(t *testing.T) {
	t.Parallel()
	sleeps(t, func(s *scene) {
		s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
		s.kvm2.Before("Finish", mt.Always(errInternal))
		fails[*migration.FailedError](s, asleepOnSource, "not in suspended state", "`virsh destroy "+uuid+"` and then `virsh start "+uuid+"` on kvm1")
	})
}

// The source keeps a copy of a guest that was moved asleep: libvirt was not told
// of the end, and says that it is asleep there.
func TestRunTellsNeverToWakeACopyThatIsOutOfDate(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.Direct
		s.kvm1.SetState(uuid, migration.StateAsleep)
		s.kvm1.Before("Confirm", mt.Always(migration.ErrUnreachable))
		fails[*migration.FailedError](s, runsOnDestination, "kvm1 still holds a sleeping copy", "Never wake it", "`virsh destroy "+uuid+"` on kvm1")
		s.neverResumed()
	})
}

package migration_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// errDropped is what libvirt says when nothing answered where memory was to be sent.
var errDropped = fmt.Errorf("unable to connect to server at 'kvm2:49152': Connection timed out: %w", migration.ErrMemoryUnreachable)

// dropped is how long Linux takes to give a connection up of which nobody says anything.
const dropped = 134 * time.Second

// walled plays a migration to a host whose firewall drops what is sent to QEMU's port, in
// each mode: libvirt takes no order while it connects.
func walled(t *testing.T, script func(*mt.Script), test func(s *scene)) {
	t.Helper()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.request.Mode = mode
				plan := mt.Converging()
				plan.Connecting, plan.Unconnected = dropped, errDropped
				script(&plan)
				s.world.Play(plan)
				test(s)
			})
		})
	}
}

func unchanged(*mt.Script) {}

// opens has the firewall opened after a time.
func opens(after time.Duration) func(*mt.Script) {
	return func(script *mt.Script) { script.Connecting, script.Unconnected = after, nil }
}

// took expects what began at a time to have lasted as long, but for a look at both hosts.
func (s *scene) took(began time.Time, want time.Duration) {
	s.Helper()
	if took := time.Since(began); took < want || took > want+10*time.Second {
		s.Errorf("took %s, want %s", took, want)
	}
}

func TestAFirewallThatDropsIsNamedOnceLibvirtHasGivenUp(t *testing.T) {
	t.Parallel()
	walled(t, unchanged, func(s *scene) {
		began := time.Now()
		err := fails[*migration.FailedError](s, runsOnSource, "Connection timed out", "firewall", "49152 to 49215", "migration_port_min")
		s.took(began, dropped)
		if c := err.Course; c.Unseen != nil || c.Connecting < 2*time.Minute {
			s.Errorf("unseen %v, connecting for %s", c.Unseen, c.Connecting)
		}
		s.runsOn(s.kvm1, s.kvm2)
		s.expectSaid("firewall")
		s.expectSaid("the VM may still move")
	})
}

// What libvirt does is told in time to decide on it, and goes on to be told.
func TestConnectingIsTold(t *testing.T) {
	t.Parallel()
	walled(t, unchanged, func(s *scene) {
		_, _ = s.run()
		var told []time.Duration
		for _, p := range s.progress {
			if p.Notice.Kind == migration.NoticeConnecting {
				told = append(told, p.Elapsed)
			}
		}
		if len(told) < 8 || told[0] > 20*time.Second || dropped-told[len(told)-1] > 20*time.Second {
			s.Errorf("told at %v", told)
		}
		if s.said("does not answer") {
			s.Error("the source is said to be silent")
		}
	})
}

func TestATimeoutWaitsUntilLibvirtHasGivenUp(t *testing.T) {
	t.Parallel()
	walled(t, unchanged, func(s *scene) {
		s.policy(policy.Policy{Timeout: new(20 * time.Second)})
		began := time.Now()
		fails[*migration.TimedOutError](s, runsOnSource, "had not finished after 20s (timeout, run)", "could not be stopped", "firewall")
		s.took(began, dropped)
		s.runsOn(s.kvm1, s.kvm2)
		s.expectSaid("not finished after 20s (timeout)")
		s.expectSaid("the VM may still move")
	})
}

func TestCtrlCWaitsUntilLibvirtHasGivenUp(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{3 * time.Second, 15 * time.Second, 100 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			walled(t, unchanged, func(s *scene) {
				s.at(after, s.cancel)
				began := time.Now()
				fails[*migration.CancelledError](s, runsOnSource, "could not be stopped")
				s.took(began, dropped)
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

// The firewall opens after the migration was to end: it is aborted then, before memory
// could be sent.
func TestWhatWasToEndIsAbortedOnceLibvirtIsConnected(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*scene){
		"timeout": func(s *scene) { s.policy(policy.Policy{Timeout: new(20 * time.Second)}) },
		"Ctrl-C":  func(s *scene) { s.at(20*time.Second, s.cancel) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			walled(t, opens(67*time.Second), func(s *scene) {
				end(s)
				began := time.Now()
				_, err := s.run()
				if err == nil || !strings.HasSuffix(words(err), "\n"+runsOnSource) || !strings.Contains(words(err), "was cancelled") {
					s.Errorf("got %v", err)
				}
				s.took(began, 67*time.Second)
				s.runsOn(s.kvm1, s.kvm2)
			})
		})
	}
}

func TestAFirewallThatIsOpenedLetsTheVMMove(t *testing.T) {
	t.Parallel()
	walled(t, opens(67*time.Second), func(s *scene) {
		s.arrives()
		if s.said("does not answer") {
			s.Error("the source is said to be silent")
		}
	})
}

// A job that libvirt never lets go of is given up in the end, and the last line says that
// the VM may still move.
func TestTheLastLineSaysThatAMigrationMayGoOn(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.PeerToPeer
		plan := mt.Converging()
		opens(time.Hour)(&plan)
		s.world.Play(plan)
		began := time.Now()
		err := fails[*migration.FailedError](s, runsOnSource+mayGoOn)
		s.took(began, 10*time.Minute)
		if err.Course.Unseen == nil {
			s.Error("its end counts as seen")
		}
	})
}

// A source that falls silent meanwhile is not waited for as if it connected.
func TestASourceThatFallsSilentWhileItConnects(t *testing.T) {
	t.Parallel()
	walled(t, unchanged, func(s *scene) {
		s.policy(policy.Policy{Timeout: new(20 * time.Second)})
		s.at(30*time.Second, s.kvm1.Mute)
		_, err := s.run()
		if err == nil {
			s.Fatal("it succeeded")
		}
		if text := words(err); s.request.Mode == migration.PeerToPeer && !strings.HasSuffix(text, mayGoOn) {
			s.Errorf("the last line: %s", text)
		}
	})
}

// The call is lost while libvirt connects: it goes on without.
func TestTheCallIsLostWhileLibvirtConnects(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.request.Mode = migration.PeerToPeer
		plan := mt.Converging()
		plan.Connecting, plan.Unconnected = dropped, errDropped
		s.world.Play(plan)
		s.at(20*time.Second, s.kvm1.Cut)
		s.at(20*time.Second+time.Millisecond, s.kvm1.Restore)
		began := time.Now()
		fails[*migration.FailedError](s, runsOnSource, "The call that had started it was lost", "firewall")
		s.took(began, dropped)
	})
}

// A migration that connects, and whose Terraform was killed, is watched by the next one.
func TestAMigrationThatConnectsIsAdopted(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"given up": dropped, "connected": 67 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				plan := mt.Converging()
				plan.Connecting = after
				if after == dropped {
					plan.Unconnected = errDropped
				}
				s.world.Play(plan)
				if err := s.kvm1.Start(uuid, s.kvm2, migration.Parameters{Persistent: true}); err != nil {
					s.Fatal(err)
				}
				time.Sleep(20 * time.Second)
				if after != dropped {
					s.arrives()
				} else {
					fails[*migration.FailedError](s, runsOnSource, "It was watched without the call that had started it", "firewall")
				}
				s.expectSaid("is under way already: watching it to its end")
			})
		})
	}
}

package migration_test

import (
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// A suspend in mid-move is told where libvirt has let the guest run after it.
func TestASuspendInMidMoveIsTold(t *testing.T) {
	t.Parallel()
	suspend := func(s *scene, after time.Duration) {
		s.at(after, func() { s.kvm1.Pause(uuid, migration.ReasonMigration) })
	}
	for name, test := range map[string]struct {
		arrange func(*scene)
		told    bool
	}{
		"suspended": {func(s *scene) { suspend(s, 4*time.Second) }, true},
		"suspended and resumed": {func(s *scene) {
			suspend(s, 4*time.Second)
			s.at(7*time.Second, func() { s.kvm1.SetState(uuid, migration.StateRunning) })
		}, false},
		"stopped for the switch-over": {func(s *scene) { suspend(s, 13900*time.Millisecond) }, false},
		"stopped for a long one that the policy allows": {func(s *scene) {
			s.policy(policy.Policy{MaxDowntimeMS: new(int64(20000))})
			suspend(s, 4*time.Second)
		}, false},
		"left alone": {func(*scene) {}, false},
		"paused by on_timeout": {func(s *scene) {
			s.policy(policy.Policy{Timeout: new(3 * time.Second), OnTimeout: new(policy.Pause)})
			s.world.Play(mt.Script{Passes: mt.Endless().Passes, Endless: true, PausedTakes: 5 * time.Second})
		}, false},
	} {
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					test.arrange(s)
					r := s.arrives()
					told := slices.ContainsFunc(r.Warnings, func(w migration.Warning) bool { return w.Kind == migration.WarningSuspended })
					if told != test.told {
						s.Errorf("told: %t, want %t: %v", told, test.told, warnings(r))
					}
				})
			})
		}
	}
}

// Where the migration fails, libvirt lets the guest run on the source.
func TestASuspendInAMoveThatFailsIsTold(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Script{Passes: mt.Converging().Passes, Err: errInternal})
		s.at(4*time.Second, func() { s.kvm1.Pause(uuid, migration.ReasonMigration) })
		fails[*migration.FailedError](s, runsOnSource, "Somebody seems to have suspended the VM on kvm1", "virsh suspend")
	})
}

// What became of a VM that ended in mid-move is told by what libvirt knows.
func TestAVMThatEndsInMidMoveIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		reason migration.Reason
		says   string
	}{
		"POWEROFF":  {migration.ReasonShutDown, "The guest shut itself down on kvm1"},
		"destroyed": {migration.ReasonDestroyed, "Somebody ended the VM on kvm1"},
		"saved":     {migration.ReasonSaved, "Somebody saved the VM on kvm1"},
		"crashed":   {migration.ReasonQEMUEnded, "QEMU on kvm1 ended by itself"},
		"not known": {migration.ReasonUnknown, "Either its QEMU ended"},
	} {
		for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.request.Mode = mode
					s.at(4*time.Second, func() { s.kvm1.ShutDown(uuid, test.reason) })
					fails[*migration.FailedError](s, "VM web is running neither on kvm1 nor on kvm2", test.says, "virsh start")
				})
			})
		}
	}
}

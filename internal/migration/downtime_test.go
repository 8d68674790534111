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

// Each call may wait for libvirt's lock of the domain: one that is refused is not
// made at every poll.
func TestRunDoesNotAskForMaxDowntimeForEver(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		refusal error
		// least and most calls in ten minutes, the one before the start and the one that
		// puts it back included
		least, most int
		says        string
	}{
		"denied":               {migration.ErrDenied, 3, 3, "warning: max_downtime_ms could not be set: operation denied"},
		"not supported":        {migration.ErrUnsupported, 3, 3, "warning: max_downtime_ms could not be set: not supported"},
		"refused for a reason": {errInternal, 26, 28, "max_downtime_ms could not be set yet"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(mt.Endless())
				s.policy(policy.Policy{MaxDowntimeMS: new(int64(50)), Timeout: new(10 * time.Minute), StallTimeout: new(time.Duration(0))})
				s.kvm1.Before("SetMaxDowntime", mt.Always(test.refusal))
				fails[*migration.TimedOutError](s, runsOnSource)
				if n := s.kvm1.Calls("SetMaxDowntime"); n < test.least || n > test.most {
					s.Errorf("asked %d times, want %d to %d times", n, test.least, test.most)
				}
				told := 0
				for _, p := range s.progress {
					if strings.Contains(explain.Notice(p), "max_downtime_ms") {
						told++
					}
				}
				if told != 1 {
					s.Errorf("told %d times", told)
				}
				s.expectSaid(test.says)
			})
		})
	}
}

func TestRunWarnsOfAMaxDowntimeThatWasRefused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(50))})
		s.kvm1.Before("SetMaxDowntime", mt.Always(migration.ErrDenied))
		if r := s.arrives(); len(r.Warnings) != 1 || !strings.Contains(warnings(r)[0], "max_downtime_ms could not be set: operation denied") {
			s.Errorf("warnings: %q", warnings(r))
		}
	})
}

// What was set is put back, also where libvirt did it and its answer was lost.
func TestRunPutsBackAMaxDowntimeWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(50)), Timeout: new(20 * time.Second)})
		s.kvm1.After("SetMaxDowntime", mt.Times(1, migration.ErrUnreachable))
		fails[*migration.TimedOutError](s, runsOnSource)
		if d := s.kvm1.Downtime(uuid); d != 300 {
			s.Errorf("%d ms are left, want the 300 of before", d)
		}
	})
}

// Nothing is set that holds already (and nothing has to be put back then).
func TestRunSetsNoMaxDowntimeThatHoldsAlready(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.policy(policy.Policy{MaxDowntimeMS: new(int64(300))})
		s.arrives()
		if n := s.kvm1.Calls("SetMaxDowntime"); n > 0 {
			s.Errorf("set %d times to what it was", n)
		}
	})
}

// A bound that QEMU did not keep is told, and nothing that is no breach of it.
func TestRunTellsOfALongDowntime(t *testing.T) {
	t.Parallel()
	bound := policy.Policy{MaxDowntimeMS: new(int64(300))}
	pauses := bound
	pauses.OnTimeout, pauses.Timeout = new(policy.Pause), new(20*time.Second)
	slow := mt.Endless()
	slow.PausedTakes = 3 * time.Second
	tests := map[string]struct {
		script   mt.Script
		policy   policy.Policy
		downtime time.Duration
		want     bool
	}{
		"longer than the policy lets it be": {mt.Converging(), bound, 400 * time.Millisecond, true},
		"hardly longer":                     {mt.Converging(), bound, 320 * time.Millisecond, false},
		"the policy says nothing":           {mt.Converging(), policy.Policy{}, time.Second, false},
		"a guest that on_timeout pauses":    {slow, pauses, 9 * time.Second, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				test.script.Downtime = test.downtime
				s.world.Play(test.script)
				s.policy(test.policy)
				var told bool
				for _, w := range s.arrives().Warnings {
					told = told || w.Kind == migration.WarningLongDowntime && w.Longest == 300*time.Millisecond
				}
				if told != test.want {
					s.Errorf("it tells of it: %t, want %t", told, test.want)
				}
			})
		})
	}
}

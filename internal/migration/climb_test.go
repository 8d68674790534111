package migration_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// stuck makes no progress for a while, and converges then.
func stuck() mt.Script {
	script := mt.Converging()
	for range 4 {
		script.Passes = append(script.Passes, mt.Pass{Remaining: 60 * mt.MiB, Lasts: time.Second})
	}
	return script
}

func TestRunClimbsTheSchedule(t *testing.T) {
	t.Parallel()
	for _, mode := range []migration.Mode{migration.PeerToPeer, migration.Direct} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(stuck())
				s.request.Mode = mode
				s.policy(policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 200, 400, 800}), MaxDowntimeMS: new(int64(500))})
				var set []uint64
				s.kvm1.After("SetMaxDowntime", mt.Do(func() { set = append(set, s.kvm1.Downtime(uuid)) }))
				r := s.arrives()
				if diff := cmp.Diff([]uint64{100, 200, 400, 500}, set); diff != "" {
					s.Errorf("downtimes (-want +got):\n%s", diff)
				}
				want := []migration.Raise{
					{Field: policy.FieldMaxDowntimeMS, To: 200, Pass: 4},
					{Field: policy.FieldMaxDowntimeMS, To: 400, Pass: 5},
					{Field: policy.FieldMaxDowntimeMS, To: 500, Pass: 6},
				}
				if diff := cmp.Diff(want, r.Raises); diff != "" {
					s.Errorf("raises (-want +got):\n%s", diff)
				}
				s.expectSaid("no progress: downtime raised to 500 ms in pass 6")
				if got := explain.Raises(r.Raises); !strings.HasPrefix(got, "While passes made no progress: downtime raised to 200 ms in pass 4, ") {
					s.Errorf("%q", got)
				}
			})
		})
	}
}

// What the schedule raises on the running job libvirt restores when the job fails; what was set
// before the start is put back.
func TestRunPutsBackTheFirstStep(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 200}), Timeout: new(30 * time.Second)})
		err := fails[*migration.TimedOutError](s, runsOnSource)
		if d := s.kvm1.Downtime(uuid); d != 300 {
			s.Errorf("%d ms are left, want the 300 of before", d)
		}
		if got := explain.Failure(err).Detail; !strings.Contains(got, "While passes made no progress: downtime raised to 200 ms in pass 3.") {
			s.Errorf("it does not say what was raised: %s", got)
		}
	})
}

// An adopted migration may have a longer pause than the step that comes next.
func TestRunNeverLowersWhatAnAdoptedMigrationHas(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(mt.Endless())
		s.policy(policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 200, 400}), Timeout: new(30 * time.Second)})
		if err := s.kvm1.Start(uuid, s.kvm2, migration.Parameters{Persistent: true}); err != nil {
			s.Fatal(err)
		}
		s.kvm1.After("SetMaxDowntime", mt.Do(func() {
			if d := s.kvm1.Downtime(uuid); d != 400 {
				s.Errorf("it sets %d ms, and 300 were set", d)
			}
		}))
		fails[*migration.TimedOutError](s, runsOnSource)
		if n := s.kvm1.Calls("SetMaxDowntime"); n != 1 {
			s.Errorf("set %d times, want once", n)
		}
	})
}

func TestRunGrowsTheCacheWhileTheSourceHasTheMemory(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		available uint64
		refusal   error
		raises    int
		says      string
	}{
		"there is memory":  {mt.GiB, nil, 3, "no progress: XBZRLE cache grown to 512 MiB in pass "},
		"it becomes short": {600 * mt.MiB, nil, 2, "the XBZRLE cache stays as it is: the source has 600 MiB of memory available, and a larger one needs 1024 MiB"},
		"it is refused":    {mt.GiB, errors.New("no"), 0, "the XBZRLE cache could not be made larger: no"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.world.Play(missing())
				s.kvm1.Has.Available = test.available
				if test.refusal != nil {
					s.kvm1.Before("SetCompressionCache", mt.Always(test.refusal))
				}
				s.policy(policy.Policy{Compression: new(true), CompressionCacheMaxMiB: new(int64(512)), Timeout: new(time.Minute)})
				err := fails[*migration.TimedOutError](s, runsOnSource)
				if got := len(err.Course.Raises); got != test.raises {
					s.Errorf("%d raises, want %d: %v", got, test.raises, err.Course.Raises)
				}
				s.expectSaid(test.says)
			})
		})
	}
}

func TestRunEndsBeyondTheHighestThrottle(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.world.Play(throttling())
		s.policy(policy.Policy{AutoConverge: new(true), MaxThrottlePercent: new(int64(50))})
		err := fails[*migration.NotConvergedError](s, runsOnSource)
		if err.Course.Cause != migration.CausedByThrottle || err.Course.Figures.Throttle != 60 {
			s.Errorf("cause %q at %d %%", err.Course.Cause, err.Course.Figures.Throttle)
		}
		text := explain.Failure(err)
		if want := "because auto-converge throttled the guest by 60 %, and it is to bear 50 % (max_throttle_percent, run) at most"; text.Summary != "Migration Did Not Converge" ||
			!strings.Contains(text.Detail, want) || !strings.Contains(text.Detail, "- max_throttle_percent is 50 (run), and the throttle had reached 60 %") {
			s.Errorf("%s: %s", text.Summary, text.Detail)
		}
	})
}

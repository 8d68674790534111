package migration_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	mt "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration/migrationtest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// heeded has, for each field of a policy that the engine itself heeds, a scene in
// which a value of the field changes the run.
var heeded = map[policy.Field]struct {
	script mt.Script
	// rest is the policy in both runs, and value what only one of them has.
	rest  policy.Policy
	value any
	// does tells whether a run, which took some time, did what the value asks for.
	does func(s *scene, took time.Duration) bool
}{
	policy.FieldMaxDowntimeMS: {
		mt.Converging(),
		policy.Policy{},
		int64(100),
		func(s *scene, _ time.Duration) bool { return s.kvm1.Calls("SetMaxDowntime") > 0 },
	},
	policy.FieldDowntimeScheduleMS: {
		mt.Endless(),
		policy.Policy{Timeout: new(time.Minute)},
		policy.Numbers{100, 200},
		func(s *scene, _ time.Duration) bool { return len(s.raised()) == 1 },
	},
	policy.FieldMaxThrottlePercent: {
		throttling(),
		policy.Policy{AutoConverge: new(true), StallTimeout: new(time.Duration(0)), Timeout: new(2 * time.Minute)},
		int64(50),
		func(_ *scene, took time.Duration) bool { return took < time.Minute },
	},
	policy.FieldCompressionCacheMax: {
		missing(),
		policy.Policy{Compression: new(true), Timeout: new(time.Minute)},
		int64(256),
		func(s *scene, _ time.Duration) bool { return s.kvm1.Calls("SetCompressionCache") == 2 },
	},
	policy.FieldTimeout: {
		mt.Endless(),
		policy.Policy{StallTimeout: new(time.Duration(0))},
		"20s",
		func(_ *scene, took time.Duration) bool { return took < 30*time.Second },
	},
	policy.FieldStallTimeout: {
		mt.Endless(),
		policy.Policy{Timeout: new(time.Duration(0))},
		"20s",
		func(_ *scene, took time.Duration) bool { return took < time.Minute },
	},
	policy.FieldOnTimeout: {
		mt.Endless(),
		policy.Policy{Timeout: new(20 * time.Second)},
		string(policy.Pause),
		func(s *scene, _ time.Duration) bool { return s.kvm1.Calls("Suspend") > 0 },
	},
}

// throttling dirties memory faster than it is sent, and is throttled by 10 % more each pass.
func throttling() mt.Script {
	script := mt.Endless()
	script.AbortTakes = 100 * time.Millisecond // before the next step
	for throttle := int64(20); throttle < 99; throttle += 10 {
		script.Passes = append(script.Passes, mt.Pass{Remaining: 120 * mt.MiB, Lasts: 2 * time.Second, Throttle: throttle})
	}
	return script
}

// missing has half of its pages not in the XBZRLE cache.
func missing() mt.Script {
	script := mt.Endless()
	script.MissesPerPass = 1000
	return script
}

// raised are what the ladder was said to raise.
func (s *scene) raised() []migration.Raise {
	var all []migration.Raise
	for _, p := range s.progress {
		if p.Notice.Kind == migration.NoticeRaised {
			all = append(all, p.Notice.Raise)
		}
	}
	return all
}

// Nothing else sees a field of the engine's own that nobody reads.
func TestEveryFieldOfTheEngineIsHeeded(t *testing.T) {
	t.Parallel()
	for _, d := range policy.Table() {
		test, tested := heeded[d.Field]
		if tested != d.Engine {
			t.Errorf("%s is the engine's own: %t, and heeded has a scene for it: %t", d.Field, d.Engine, tested)
		}
		if !tested {
			continue
		}
		with := test.rest
		if err := d.Set(&with, test.value); err != nil {
			t.Fatalf("%s: %v", d.Field, err)
		}
		for name, p := range map[string]policy.Policy{"with": with, "without": test.rest} {
			t.Run(name+" "+string(d.Field), func(t *testing.T) {
				t.Parallel()
				play(t, func(s *scene) {
					s.policy(p)
					s.world.Play(test.script)
					began := time.Now()
					_, err := s.run()
					if took, want := time.Since(began), name == "with"; test.does(s, took) != want {
						s.Errorf("it does what %s = %v asks for: %t; it takes %s and ends with: %v", d.Field, test.value, !want, took, err)
					}
				})
			})
		}
	}
}

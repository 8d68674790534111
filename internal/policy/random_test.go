package policy_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// rounds yields seeded random sources for a property test. A test that fails
// names the seed, so that the round can be run again alone.
func rounds() iter.Seq2[uint64, *rand.Rand] {
	const most = 2000
	return func(yield func(uint64, *rand.Rand) bool) {
		for seed := range uint64(most) {
			if !yield(seed, rand.New(rand.NewPCG(seed, seed))) {
				return
			}
		}
	}
}

func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

func between(r *rand.Rand, least, most int64) int64 {
	return oneOf(r, least, most, least+r.Int64N(most-least+1))
}

func randomDuration(r *rand.Rand) time.Duration {
	unit := oneOf(r, time.Nanosecond, time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour)
	return oneOf(r, 0, time.Duration(r.Int64N(200))*unit, time.Duration(r.Int64()))
}

// randomize sets one field to a random value in range.
var randomize = map[policy.Field]func(*rand.Rand, *policy.Policy){
	policy.FieldPreset: func(r *rand.Rand, p *policy.Policy) {
		p.Preset = new(oneOf(r, policy.Presets()...))
	},
	policy.FieldMaxThrottlePercent: func(r *rand.Rand, p *policy.Policy) {
		p.MaxThrottlePercent = new(between(r, policy.MinPercent, policy.MaxPercent))
	},
	policy.FieldCompressionCacheMax: func(r *rand.Rand, p *policy.Policy) {
		p.CompressionCacheMaxMiB = new(int64(1) << r.IntN(43))
	},
	policy.FieldDowntimeScheduleMS: func(r *rand.Rand, p *policy.Policy) {
		schedule := make(policy.Numbers, 1+r.IntN(policy.MaxDowntimeSteps))
		for i := range schedule {
			schedule[i] = policy.MinMaxDowntimeMS + int64(i)*100 + r.Int64N(100)
		}
		p.DowntimeScheduleMS = &schedule
	},
	policy.FieldAutoConverge: func(r *rand.Rand, p *policy.Policy) {
		p.AutoConverge = new(oneOf(r, true, false))
	},
	policy.FieldAutoConvergeInitial: func(r *rand.Rand, p *policy.Policy) {
		p.AutoConvergeInitial = new(between(r, policy.MinPercent, policy.MaxPercent))
	},
	policy.FieldAutoConvergeIncrement: func(r *rand.Rand, p *policy.Policy) {
		p.AutoConvergeIncrement = new(between(r, policy.MinPercent, policy.MaxPercent))
	},
	policy.FieldCompression: func(r *rand.Rand, p *policy.Policy) {
		p.Compression = new(oneOf(r, true, false))
	},
	policy.FieldCompressionCacheMiB: func(r *rand.Rand, p *policy.Policy) {
		p.CompressionCacheMiB = new(int64(1) << r.IntN(43))
	},
	policy.FieldBandwidth: func(r *rand.Rand, p *policy.Policy) {
		p.BandwidthMiBPerSecond = new(between(r, 0, policy.MaxBandwidthMiBPerSecond))
	},
	policy.FieldMaxDowntimeMS: func(r *rand.Rand, p *policy.Policy) {
		p.MaxDowntimeMS = new(between(r, policy.MinMaxDowntimeMS, policy.MaxMaxDowntimeMS))
	},
	policy.FieldParallelConnections: func(r *rand.Rand, p *policy.Policy) {
		p.ParallelConnections = new(oneOf(r, 0, between(r, policy.MinParallelConnections, policy.MaxParallelConnections)))
	},
	policy.FieldPostCopy: func(r *rand.Rand, p *policy.Policy) {
		p.PostCopy = new(oneOf(r, true, false))
	},
	policy.FieldEncryption: func(r *rand.Rand, p *policy.Policy) {
		p.Encryption = new(oneOf(r, true, false))
	},
	policy.FieldParallelCompression: func(r *rand.Rand, p *policy.Policy) {
		p.ParallelCompression = new(oneOf(r, policy.ParallelCompressions()...))
	},
	policy.FieldParallelLevel: func(r *rand.Rand, p *policy.Policy) {
		p.ParallelCompressionLevel = new(between(r, 0, policy.MaxZstdLevel))
	},
	policy.FieldZeroCopy: func(r *rand.Rand, p *policy.Policy) {
		p.ZeroCopy = new(oneOf(r, true, false))
	},
	policy.FieldPostCopyBandwidth: func(r *rand.Rand, p *policy.Policy) {
		p.PostCopyBandwidthMiBPerSecond = new(between(r, 0, policy.MaxBandwidthMiBPerSecond))
	},
	policy.FieldSwitchoverBandwidth: func(r *rand.Rand, p *policy.Policy) {
		p.SwitchoverBandwidthMiBPerSecond = new(between(r, 0, policy.MaxBandwidthMiBPerSecond))
	},
	policy.FieldTimeout: func(r *rand.Rand, p *policy.Policy) {
		p.Timeout = new(randomDuration(r))
	},
	policy.FieldStallTimeout: func(r *rand.Rand, p *policy.Policy) {
		p.StallTimeout = new(randomDuration(r))
	},
	policy.FieldOnTimeout: func(r *rand.Rand, p *policy.Policy) {
		p.OnTimeout = new(oneOf(r, policy.OnTimeouts()...))
	},
	policy.FieldCopyStorage: func(r *rand.Rand, p *policy.Policy) {
		p.CopyStorage = new(oneOf(r, policy.CopyStorages()...))
	},
	policy.FieldEvacuation: func(r *rand.Rand, p *policy.Policy) {
		p.Evacuation = new(oneOf(r, policy.Evacuations()...))
	},
	policy.FieldAntiAffinityGroup: func(r *rand.Rand, p *policy.Policy) {
		p.AntiAffinityGroup = new(oneOf(r, "db", "Galera, Übung", "a"))
	},
	policy.FieldSynchronousWrites: func(r *rand.Rand, p *policy.Policy) {
		p.SynchronousWrites = new(oneOf(r, true, false))
	},
}

// randomPolicy sets each field or not, to values in range; fields may
// contradict each other.
func randomPolicy(r *rand.Rand) policy.Policy {
	var p policy.Policy
	for _, field := range policy.Fields() {
		if randomize[field] == nil {
			panic("randomize has no values for " + field)
		}
		if oneOf(r, true, false) {
			randomize[field](r, &p)
		}
	}
	return p
}

func randomLevels(r *rand.Rand) policy.Levels {
	return policy.Levels{Run: randomPolicy(r), VM: randomPolicy(r), Cluster: randomPolicy(r), Global: randomPolicy(r)}
}

func randomRecord(r *rand.Rand) policy.Record {
	record := policy.Record{
		Cluster: oneOf(r, "", "lab", `R&D "east" <1>`, "\u00fcbung\u2028\n\\", "🐧"),
		Policy:  randomPolicy(r),
	}
	for i := range r.IntN(4) {
		if record.Unknown == nil {
			record.Unknown = map[string]json.RawMessage{}
		}
		name := fmt.Sprintf("%s%d", oneOf(r, "rdma_pin_all", "Version", "", "<&>", "é"), i)
		record.Unknown[name] = json.RawMessage(oneOf(r, `null`, `true`, `1E400`, `-0.0`, `18446744073709551616`,
			`"\u003c<&>\u2028\/"`, `{"b":[1,{"a":null}],"a":2,"a":3}`, `[]`))
	}
	return record
}

func TestRandomPoliciesCoverEveryField(t *testing.T) {
	t.Parallel()

	seen := map[policy.Field]bool{}
	for _, r := range rounds() {
		for _, field := range randomPolicy(r).Fields() {
			seen[field] = true
		}
	}
	for _, field := range policy.Fields() {
		if !seen[field] {
			t.Errorf("no random policy sets %s", field)
		}
	}
}

func TestRandomPoliciesHaveValuesInRange(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		for _, field := range policy.Fields() {
			var p policy.Policy
			randomize[field](r, &p)
			if got := p.Fields(); !slices.Equal(got, []policy.Field{field}) {
				t.Fatalf("seed %d: randomizing %s set %v", seed, field, got)
			}
			if problems := p.Validate(); len(problems) > 0 {
				t.Fatalf("seed %d: %s = %s is refused: %v", seed, field, p.Text(field), problems)
			}
		}
	}
}

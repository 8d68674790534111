package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestDowntimesAreCapped(t *testing.T) {
	t.Parallel()

	schedule := new(policy.Numbers{100, 200, 400})
	tests := map[string]struct {
		policy policy.Policy
		want   []int64
		idle   bool
	}{
		"nothing is said":                  {},
		"a limit alone":                    {policy.Policy{MaxDowntimeMS: new(int64(500))}, []int64{500}, false},
		"a schedule alone":                 {policy.Policy{DowntimeScheduleMS: schedule}, []int64{100, 200, 400}, false},
		"a limit above it":                 {policy.Policy{DowntimeScheduleMS: schedule, MaxDowntimeMS: new(int64(500))}, []int64{100, 200, 400}, false},
		"a limit within it":                {policy.Policy{DowntimeScheduleMS: schedule, MaxDowntimeMS: new(int64(300))}, []int64{100, 200, 300}, false},
		"a limit that is one of its steps": {policy.Policy{DowntimeScheduleMS: schedule, MaxDowntimeMS: new(int64(200))}, []int64{100, 200}, false},
		"a limit below it":                 {policy.Policy{DowntimeScheduleMS: schedule, MaxDowntimeMS: new(int64(50))}, []int64{50}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, test.policy.Downtimes()); diff != "" {
				t.Errorf("downtimes (-want +got):\n%s", diff)
			}
			longest := int64(0)
			if len(test.want) > 0 {
				longest = slices.Max(test.want)
			}
			if got := test.policy.LongestDowntimeMS(); got != longest {
				t.Errorf("longest downtime %d, want %d", got, longest)
			}
			inactive := policy.Resolve(policy.Levels{VM: test.policy}).Inactive()
			if got := slices.Contains(inactive, policy.FieldDowntimeScheduleMS); got != test.idle {
				t.Errorf("the schedule is inactive: %t, want %t", got, test.idle)
			}
		})
	}
}

// Each is a ladder that cannot be climbed, written down on one level.
func TestValidateRefusesALadderThatCannotBeClimbed(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		policy policy.Policy
		want   []policy.Problem
	}{
		"no step": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "A list of 0 numbers is not one of 1 to 16."}},
		},
		"too many steps": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "A list of 17 numbers is not one of 1 to 16."}},
		},
		"a step that falls": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 300, 200})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "200 does not rise above 300, which is before it: each number must be higher than the one before."}},
		},
		"two equal steps": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 100})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "100 does not rise above 100, which is before it: each number must be higher than the one before."}},
		},
		"a step of nothing": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{0, 100})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "0 is not a whole number from 1 to 2000000 (milliseconds)."}},
		},
		"a step above max_downtime_ms": {
			policy.Policy{DowntimeScheduleMS: new(policy.Numbers{100, 600}), MaxDowntimeMS: new(int64(500))},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: "600 is above max_downtime_ms, which is 500 on the same level. Raise max_downtime_ms, or leave such steps out."}},
		},
		"a cache that grows to less than it has": {
			policy.Policy{CompressionCacheMiB: new(int64(128)), CompressionCacheMaxMiB: new(int64(64))},
			[]policy.Problem{{Field: policy.FieldCompressionCacheMax, Text: "64 is below compression_cache_mib, which is 128 on the same level: the cache cannot grow to less than it has. Raise compression_cache_max_mib, or remove it."}},
		},
		"a cache that grows without compression": {
			policy.Policy{Compression: new(false), CompressionCacheMaxMiB: new(int64(64))},
			[]policy.Problem{{Field: policy.FieldCompressionCacheMax, Text: "compression_cache_max_mib tunes compression, which is set to false on the same level. Remove one of the two."}},
		},
		"a highest throttle without auto-converge": {
			policy.Policy{AutoConverge: new(false), MaxThrottlePercent: new(int64(60))},
			[]policy.Problem{{Field: policy.FieldMaxThrottlePercent, Text: "max_throttle_percent tunes auto_converge, which is set to false on the same level. Remove one of the two."}},
		},
		"a first throttle beyond the highest": {
			policy.Policy{AutoConvergeInitial: new(int64(70)), MaxThrottlePercent: new(int64(60))},
			[]policy.Problem{{Field: policy.FieldMaxThrottlePercent, Text: "60 is below auto_converge_initial, which is 70: the first throttle would already be beyond it. Raise max_throttle_percent, or lower auto_converge_initial."}},
		},
		"a switch to post-copy that is not let": {
			policy.Policy{OnTimeout: new(policy.SwitchToPostCopy), PostCopy: new(false)},
			[]policy.Problem{{Field: policy.FieldOnTimeout, Text: `on_timeout is "post_copy", but post_copy is false, so the migration may not be switched. Set post_copy to true, or on_timeout to "abort" or "pause".`}},
		},
		"a preset, and a switch that says otherwise": {
			policy.Policy{Preset: new(policy.PostCopyIfNeeded), PostCopy: new(false)},
			[]policy.Problem{{Field: policy.FieldPostCopy, Text: `preset "post_copy" stands for post_copy = true, and it is false on the same level. Remove one of the two, or set post_copy on a stronger level.`}},
		},
		"a preset, and a number that says otherwise": {
			policy.Policy{Preset: new(policy.MinimalDowntime), MaxDowntimeMS: new(int64(300))},
			[]policy.Problem{{Field: policy.FieldMaxDowntimeMS, Text: `preset "minimal_downtime" stands for max_downtime_ms = 500, and it is 300 on the same level. Remove one of the two, or set max_downtime_ms on a stronger level.`}},
		},
		"a preset, and a schedule that says otherwise": {
			policy.Policy{Preset: new(policy.PostCopyIfNeeded), DowntimeScheduleMS: new(policy.Numbers{50, 100})},
			[]policy.Problem{{Field: policy.FieldDowntimeScheduleMS, Text: `preset "post_copy" stands for downtime_schedule_ms = [100, 150, 200], and it is [50, 100] on the same level. Remove one of the two, or set downtime_schedule_ms on a stronger level.`}},
		},
		"a preset that compresses, and parallel connections": {
			policy.Policy{Preset: new(policy.SuspendIfNeeded), ParallelConnections: new(int64(4))},
			[]policy.Problem{{Field: policy.FieldPreset, Text: `preset "suspend_if_needed" contradicts a field of the same level. parallel_connections: compression is XBZRLE, which QEMU cannot do over parallel connections: pages sent over them bypass it. Set parallel_connections to 0 or compression to false.`}},
		},
		"an unknown preset": {
			policy.Policy{Preset: new(policy.Preset("legacy"))},
			[]policy.Problem{{Field: policy.FieldPreset, Text: `"legacy" is not valid: it must be one of "minimal_downtime", "suspend_if_needed", "post_copy", "very_large".`}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, test.policy.Validate()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateAcceptsAPresetBesideWhatItSays(t *testing.T) {
	t.Parallel()

	for _, preset := range policy.Presets() {
		p := policy.Policy{Preset: new(preset), AutoConvergeIncrement: new(int64(20))}
		if problems := p.Validate(); len(problems) > 0 {
			t.Errorf("%s is refused: %v", preset, problems)
		}
		if problems := p.Expanded().Validate(); len(problems) > 0 {
			t.Errorf("%s, written out, is refused: %v", preset, problems)
		}
	}
}

package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Records hold the name of a preset alone: its values are written out here, and never change.
func TestPresetsHaveOVirtsNumbers(t *testing.T) {
	t.Parallel()

	want := map[policy.Preset]policy.Policy{
		"minimal_downtime": {
			AutoConverge: new(true), DowntimeScheduleMS: new(policy.Numbers{100, 150, 200, 300, 400, 500}), MaxDowntimeMS: new(int64(500)),
		},
		"suspend_if_needed": {
			AutoConverge: new(true), Compression: new(true),
			DowntimeScheduleMS: new(policy.Numbers{100, 150, 200, 300, 400, 500, 5000}), MaxDowntimeMS: new(int64(5000)),
		},
		"post_copy": {
			AutoConverge: new(true), DowntimeScheduleMS: new(policy.Numbers{100, 150, 200}), MaxDowntimeMS: new(int64(200)),
			PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy),
		},
		"very_large": {
			AutoConverge: new(true), ZeroCopy: new(true),
			DowntimeScheduleMS: new(policy.Numbers{300, 400, 500, 700, 1000, 1500, 5000}), MaxDowntimeMS: new(int64(5000)),
		},
	}
	if len(want) != len(policy.Presets()) {
		t.Errorf("%d presets of %d are tested", len(want), len(policy.Presets()))
	}
	for _, preset := range policy.Presets() {
		expanded := want[preset]
		expanded.Preset = new(preset)
		if diff := cmp.Diff(expanded, policy.Policy{Preset: new(preset)}.Expanded()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", preset, diff)
		}
		if problems := (policy.Policy{Preset: new(preset)}).Validate(); len(problems) > 0 {
			t.Errorf("%s is refused: %v", preset, problems)
		}
		if conflicts := policy.Resolve(policy.Levels{VM: policy.Policy{Preset: new(preset)}}).Conflicts(); len(conflicts) > 0 {
			t.Errorf("%s conflicts with itself: %v", preset, conflicts)
		}
	}
}

func TestResolveTakesAPresetForValuesOfItsLevel(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		levels policy.Levels
		want   map[policy.Field]string
	}{
		"it comes before anything is inherited": {
			policy.Levels{
				VM:      policy.Policy{Preset: new(policy.MinimalDowntime)},
				Cluster: policy.Policy{AutoConverge: new(false), MaxDowntimeMS: new(int64(100)), Compression: new(true)},
			},
			map[policy.Field]string{
				policy.FieldPreset: "minimal_downtime vm", policy.FieldAutoConverge: "true vm",
				policy.FieldMaxDowntimeMS: "500 vm", policy.FieldDowntimeScheduleMS: "[100, 150, 200, 300, 400, 500] vm",
				policy.FieldCompression: "true cluster", policy.FieldOnTimeout: "abort default",
			},
		},
		"a stronger level has its way with each field": {
			policy.Levels{
				Run:    policy.Policy{AutoConverge: new(false)},
				Global: policy.Policy{Preset: new(policy.PostCopyIfNeeded)},
			},
			map[policy.Field]string{
				policy.FieldPreset: "post_copy global", policy.FieldAutoConverge: "false run",
				policy.FieldPostCopy: "true global", policy.FieldOnTimeout: "post_copy global",
			},
		},
		"two presets are resolved field by field": {
			policy.Levels{
				VM:      policy.Policy{Preset: new(policy.MinimalDowntime)},
				Cluster: policy.Policy{Preset: new(policy.SuspendIfNeeded)},
			},
			map[policy.Field]string{
				policy.FieldPreset: "minimal_downtime vm", policy.FieldMaxDowntimeMS: "500 vm", policy.FieldCompression: "true cluster",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := policy.Resolve(test.levels)
			for field, want := range test.want {
				if text := got.Text(field) + " " + string(got.Origins.Of(field)); text != want {
					t.Errorf("%s = %s, want %s", field, text, want)
				}
			}
		})
	}
}

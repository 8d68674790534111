package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestBuiltInIsTheDesignsTable(t *testing.T) {
	t.Parallel()

	want := map[policy.Field]string{
		policy.FieldPreset:                "not set",
		policy.FieldMaxThrottlePercent:    "not set",
		policy.FieldCompressionCacheMax:   "not set",
		policy.FieldDowntimeScheduleMS:    "not set",
		policy.FieldAutoConverge:          "false",
		policy.FieldAutoConvergeInitial:   "not set",
		policy.FieldAutoConvergeIncrement: "not set",
		policy.FieldCompression:           "false",
		policy.FieldCompressionCacheMiB:   "not set",
		policy.FieldBandwidth:             "not set",
		policy.FieldMaxDowntimeMS:         "not set",
		policy.FieldParallelConnections:   "0",
		policy.FieldPostCopy:              "false",
		policy.FieldEncryption:            "false",
		policy.FieldParallelCompression:   "none",
		policy.FieldParallelLevel:         "not set",
		policy.FieldZeroCopy:              "false",
		policy.FieldPostCopyBandwidth:     "not set",
		policy.FieldSwitchoverBandwidth:   "not set",
		policy.FieldTimeout:               "30m",
		policy.FieldStallTimeout:          "2m",
		policy.FieldOnTimeout:             "abort",
		policy.FieldCopyStorage:           "none",
		policy.FieldSynchronousWrites:     "false",
		policy.FieldEvacuation:            "live",
		policy.FieldAntiAffinityGroup:     "not set",
	}
	got := map[policy.Field]string{}
	for _, field := range policy.Fields() {
		got[field] = policy.BuiltIn().Text(field)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("built-in policy (-want +got):\n%s", diff)
	}
}

func TestBuiltInIsValid(t *testing.T) {
	t.Parallel()

	if problems := policy.BuiltIn().Validate(); len(problems) > 0 {
		t.Errorf("the built-in policy is refused: %v", problems)
	}
}

func TestBuiltInIsNotShared(t *testing.T) {
	t.Parallel()

	*policy.BuiltIn().AutoConverge = true
	if *policy.BuiltIn().AutoConverge {
		t.Error("a caller can change the built-in policy for others")
	}
}

func TestPolicyListsTheFieldsItSets(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		policy policy.Policy
		want   []policy.Field
	}{
		"none": {},
		"in the order of Fields": {
			policy: policy.Policy{OnTimeout: new(policy.Pause), Compression: new(true), AutoConverge: new(true)},
			want:   []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldOnTimeout},
		},
		"zero values are set": {
			policy: policy.Policy{AutoConverge: new(false), BandwidthMiBPerSecond: new(int64(0)), Timeout: new(time.Duration(0))},
			want:   []policy.Field{policy.FieldAutoConverge, policy.FieldBandwidth, policy.FieldTimeout},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, test.policy.Fields()); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if got, want := test.policy.Empty(), len(test.want) == 0; got != want {
				t.Errorf("Empty() = %t, want %t", got, want)
			}
		})
	}
}

func TestDifferencesSayWhatWasFoundAndWhatWasWanted(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		have, want policy.Policy
		expected   []policy.Difference
	}{
		"both empty": {},
		"same values behind different pointers": {
			have: policy.Policy{AutoConverge: new(true), Timeout: new(time.Hour)},
			want: policy.Policy{AutoConverge: new(true), Timeout: new(60 * time.Minute)},
		},
		"a value changed": {
			have:     policy.Policy{MaxDowntimeMS: new(int64(300))},
			want:     policy.Policy{MaxDowntimeMS: new(int64(500))},
			expected: []policy.Difference{{Field: policy.FieldMaxDowntimeMS, Have: "300", Want: "500"}},
		},
		"false, and not set": {
			have:     policy.Policy{},
			want:     policy.Policy{Compression: new(false)},
			expected: []policy.Difference{{Field: policy.FieldCompression, Have: "not set", Want: "false"}},
		},
		"0, and not set": {
			have:     policy.Policy{BandwidthMiBPerSecond: new(int64(0))},
			want:     policy.Policy{},
			expected: []policy.Difference{{Field: policy.FieldBandwidth, Have: "0", Want: "not set"}},
		},
		"several, in the order of Fields": {
			have: policy.Policy{OnTimeout: new(policy.SwitchToPostCopy), AutoConverge: new(true), Timeout: new(time.Duration(0))},
			want: policy.Policy{OnTimeout: new(policy.Abort), Timeout: new(90 * time.Minute)},
			expected: []policy.Difference{
				{Field: policy.FieldAutoConverge, Have: "true", Want: "not set"},
				{Field: policy.FieldTimeout, Have: "0s", Want: "1h30m"},
				{Field: policy.FieldOnTimeout, Have: "post_copy", Want: "abort"},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.expected, test.have.Differences(test.want)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if got, want := test.have.Equal(test.want), len(test.expected) == 0; got != want {
				t.Errorf("Equal() = %t, want %t", got, want)
			}
		})
	}
}

func TestDifferencesAreEmptyExactlyWhenPoliciesAreEqual(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		a, b := randomPolicy(r), randomPolicy(r)
		if oneOf(r, true, false) { // Pairs that differ in one field or none.
			b = a
			randomize[oneOf(r, policy.Fields()...)](r, &b)
		}
		same := cmp.Equal(a, b)
		if got := len(a.Differences(b)) == 0; got != same {
			t.Fatalf("seed %d: equal is %t, but the differences are %v", seed, same, a.Differences(b))
		}
		if got := a.Equal(b); got != same {
			t.Fatalf("seed %d: Equal() = %t, want %t", seed, got, same)
		}
	}
}

func TestDifferencesMirrorWhenTheSidesAreSwapped(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		a, b := randomPolicy(r), randomPolicy(r)
		mirrored := b.Differences(a)
		for i, d := range mirrored {
			mirrored[i].Have, mirrored[i].Want = d.Want, d.Have
		}
		if diff := cmp.Diff(a.Differences(b), mirrored); diff != "" {
			t.Fatalf("seed %d: differences one way and the other (-a +b):\n%s", seed, diff)
		}
	}
}

func TestDifferencesNameExactlyTheFieldsWhoseTextDiffers(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		a, b := randomPolicy(r), randomPolicy(r)
		var want []policy.Difference
		for _, field := range policy.Fields() {
			if a.Text(field) != b.Text(field) {
				want = append(want, policy.Difference{Field: field, Have: a.Text(field), Want: b.Text(field)})
			}
		}
		if diff := cmp.Diff(want, a.Differences(b)); diff != "" {
			t.Fatalf("seed %d: differences (-want +got):\n%s", seed, diff)
		}
	}
}

func TestTextIsInheritExactlyWhereAFieldIsNotSet(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		p := randomPolicy(r)
		for _, field := range policy.Fields() {
			if inherits, set := p.Text(field) == "not set", slices.Contains(p.Fields(), field); inherits == set {
				t.Fatalf("seed %d: %s is set: %t, and its text is %q", seed, field, set, p.Text(field))
			}
		}
	}
}

func TestTextOfAnUnknownFieldIsInherit(t *testing.T) {
	t.Parallel()

	if got := policy.BuiltIn().Text("no_such_field"); got != "not set" {
		t.Errorf("text %q, want not set", got)
	}
}

func TestSupported(t *testing.T) {
	t.Parallel()
	if got := policy.Supported(policy.Release{Libvirt: 11_003_000, QEMU: 10_000_002}); !slices.Equal(got, policy.Fields()) {
		t.Errorf("a release of today supports %v", got)
	}
	old := policy.Supported(policy.Release{Libvirt: 5_001_000, QEMU: 10_000_002})
	if slices.Contains(old, policy.FieldParallelConnections) || !slices.Contains(old, policy.FieldPostCopy) {
		t.Errorf("libvirt 5.1 supports %v", old)
	}
	// What only the source's QEMU needs counts for a host that VMs leave.
	if sender := policy.Supported(policy.Release{Libvirt: 11_003_000, QEMU: 8_001_000}); !slices.Contains(sender, policy.FieldZeroCopy) ||
		slices.Contains(sender, policy.FieldSwitchoverBandwidth) {
		t.Errorf("QEMU 8.1 supports %v", sender)
	}
}

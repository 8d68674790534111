package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestTableDescribesEveryField(t *testing.T) {
	t.Parallel()

	seen := map[policy.Field]bool{}
	for _, d := range policy.Table() {
		if seen[d.Field] {
			t.Errorf("%s is defined twice", d.Field)
		}
		seen[d.Field] = true
		if d.Summary == "" || d.Values == "" || d.Unset == "" {
			t.Errorf("%s: documents cannot say what it does, its values or what holds without it", d.Field)
		}
	}
	for _, d := range policy.Table() {
		if d.Tunes == "" {
			continue
		}
		i := slices.IndexFunc(policy.Table(), func(feature policy.Definition) bool { return feature.Field == d.Tunes })
		if i < 0 || policy.Table()[i].Engine {
			t.Errorf("%s tunes %s, which libvirt is not told of", d.Field, d.Tunes)
		}
	}
}

func TestTableIsACopy(t *testing.T) {
	t.Parallel()

	policy.Table()[0].Field = "mine"
	if slices.Contains(policy.Fields(), "mine") {
		t.Error("a caller can change the table for others")
	}
}

func TestDescription(t *testing.T) {
	t.Parallel()

	want := map[policy.Field]string{
		policy.FieldAutoConvergeInitial: "First throttle of auto-converge, in percent of vCPU time. In libvirt `auto_converge.initial`, in QEMU `cpu-throttle-initial`. " +
			"Values: 1 to 99. Where no level sets it: 20 (QEMU).",
		policy.FieldSwitchoverBandwidth: "Bandwidth that QEMU reckons with for the switch-over, in MiB/s, to tell whether the rest fits `max_downtime_ms`; `0` is what it has measured. " +
			"It limits nothing: too high a value makes the downtime longer than `max_downtime_ms`. In libvirt `bandwidth.avail.switchover`, in QEMU `avail-switchover-bandwidth`. " +
			"Needs libvirt 11.1 and QEMU 8.2 where the VM is. Values: 0 to 8796093022207. Where no level sets it: what it has measured (QEMU).",
		policy.FieldTimeout: "Limit of the whole migration, counted from the start of its job. The copy of disks is a part of it. " +
			"Values: a duration such as `90s` or `30m`; `0s` is none. Where no level sets it: `30m`.",
	}
	for _, d := range policy.Table() {
		if text, tested := want[d.Field]; tested && d.Description() != text {
			t.Errorf("%s: %s", d.Field, cmp.Diff(text, d.Description()))
		}
	}
}

func TestSetTakesWhatValueReturns(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		want := randomPolicy(r)
		var got policy.Policy
		for _, d := range policy.Table() {
			if value := d.Value(want); value != nil {
				if err := d.Set(&got, value); err != nil {
					t.Fatalf("seed %d: %s = %v: %v", seed, d.Field, value, err)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: policy (-want +got):\n%s", seed, diff)
		}
	}
}

func TestSetRefusesAValueOfAnotherType(t *testing.T) {
	t.Parallel()

	for _, d := range policy.Table() {
		for _, value := range []any{nil, 1.5, []byte("2"), map[policy.Kind]any{
			policy.Switch: "true", policy.Number: "2", policy.Duration: int64(2), policy.Word: true, policy.NumberList: []int64{2}, policy.Name: 2,
		}[d.Kind]} {
			var p policy.Policy
			if err := d.Set(&p, value); err == nil || !p.Empty() {
				t.Errorf("%s takes %T %v", d.Field, value, value)
			}
		}
	}
}

func TestWhatIsDormantIsNotTold(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		effective := policy.Resolve(randomLevels(r))
		rest := effective
		for _, d := range policy.Table() {
			if slices.Contains(effective.Inactive(), d.Field) {
				rest.Policy = without(rest.Policy, d.Field)
			}
		}
		if diff := cmp.Diff(rest.Parameters(), effective.Parameters()); diff != "" {
			t.Fatalf("seed %d: %v are dormant, and told (-without +with):\n%s", seed, effective.Inactive(), diff)
		}
	}
}

// without is the policy less one field.
func without(p policy.Policy, field policy.Field) policy.Policy {
	var rest policy.Policy
	for _, d := range policy.Table() {
		if value := d.Value(p); value != nil && d.Field != field {
			_ = d.Set(&rest, value)
		}
	}
	return rest
}

func TestRequirementsAreOfWhatIsAskedFor(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		policy policy.Policy
		want   []policy.Requirement
	}{
		"the built-in policy": {},
		"what every host has": {policy: policy.Policy{AutoConverge: new(true), Compression: new(true), BandwidthMiBPerSecond: new(int64(7))}},
		"each by itself": {
			policy: policy.Policy{PostCopy: new(true), Encryption: new(true)},
			want: []policy.Requirement{
				{Feature: "post_copy", Release: policy.Release{Libvirt: 1_003_003, QEMU: 2_006_000}},
				{Feature: "encryption", Release: policy.Release{Libvirt: 3_002_000, QEMU: 2_007_000}},
			},
		},
		"what is told of another": {
			policy: policy.Policy{
				ParallelConnections: new(int64(2)), ParallelCompression: new(policy.Zlib), ParallelCompressionLevel: new(int64(0)),
				PostCopyBandwidthMiBPerSecond: new(int64(5)), // dormant
			},
			want: []policy.Requirement{
				{Feature: "parallel_connections", Release: policy.Release{Libvirt: 5_002_000, QEMU: 4_000_000}},
				{Feature: "parallel_compression", Release: policy.Release{Libvirt: 9_004_000, QEMU: 5_000_000}},
				{Feature: "parallel_compression_level", Release: policy.Release{Libvirt: 9_004_000, QEMU: 5_000_000}},
			},
		},
		"what only the source's QEMU needs": {
			policy: policy.Policy{ParallelConnections: new(int64(2)), ZeroCopy: new(true), SwitchoverBandwidthMiBPerSecond: new(int64(9))},
			want: []policy.Requirement{
				{Feature: "parallel_connections", Release: policy.Release{Libvirt: 5_002_000, QEMU: 4_000_000}},
				{Feature: "zero_copy", Release: policy.Release{Libvirt: 8_005_000, SourceQEMU: 7_001_000}},
				{Feature: "switchover_bandwidth_mib_per_second", Release: policy.Release{Libvirt: 11_001_000, SourceQEMU: 8_002_000}},
			},
		},
		"two together": {
			policy: policy.Policy{PostCopy: new(true), ParallelConnections: new(int64(2))},
			want: []policy.Requirement{
				{Feature: "parallel_connections", Release: policy.Release{Libvirt: 5_002_000, QEMU: 4_000_000}},
				{Feature: "post_copy", Release: policy.Release{Libvirt: 1_003_003, QEMU: 2_006_000}},
				{Feature: "post_copy together with parallel_connections", Release: policy.Release{QEMU: 10_001_000}},
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, policy.Resolve(policy.Levels{Run: test.policy}).Requirements()); diff != "" {
				t.Errorf("requirements (-want +got):\n%s", diff)
			}
		})
	}
}

package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestInactiveListsWhatIsSetAndDoesNothing(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		levels policy.Levels
		want   []policy.Field
	}{
		"nothing is set": {},
		"tuning on the level that switches on": {
			levels: policy.Levels{VM: policy.Policy{AutoConverge: new(true), AutoConvergeInitial: new(int64(30))}},
		},
		"tuning below the level that switches on": {
			levels: policy.Levels{
				VM:     policy.Policy{CompressionCacheMiB: new(int64(256))},
				Global: policy.Policy{Compression: new(true)},
			},
		},
		"tuning of features that no level switches on": {
			levels: policy.Levels{Global: policy.Policy{
				AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20)), CompressionCacheMiB: new(int64(256)),
			}},
			want: []policy.Field{policy.FieldAutoConvergeInitial, policy.FieldAutoConvergeIncrement, policy.FieldCompressionCacheMiB},
		},
		"tuning above the level that switches off": {
			levels: policy.Levels{
				VM:     policy.Policy{AutoConverge: new(false)},
				Global: policy.Policy{AutoConverge: new(true), AutoConvergeIncrement: new(int64(20))},
			},
			want: []policy.Field{policy.FieldAutoConvergeIncrement},
		},
		"a run that switches off what the VM tunes": {
			levels: policy.Levels{
				Run: policy.Policy{Compression: new(false)},
				VM:  policy.Policy{Compression: new(true), CompressionCacheMiB: new(int64(256))},
			},
			want: []policy.Field{policy.FieldCompressionCacheMiB},
		},
		"on_timeout without any timeout to follow": {
			levels: policy.Levels{
				VM:     policy.Policy{OnTimeout: new(policy.Pause)},
				Global: policy.Policy{Timeout: new(time.Duration(0)), StallTimeout: new(time.Duration(0))},
			},
			want: []policy.Field{policy.FieldOnTimeout},
		},
		"on_timeout with only the stall timeout": {
			levels: policy.Levels{VM: policy.Policy{OnTimeout: new(policy.Pause), Timeout: new(time.Duration(0))}},
		},
		"a level of a method without parallel connections": {
			levels: policy.Levels{Global: policy.Policy{ParallelCompression: new(policy.Zstd), ParallelCompressionLevel: new(int64(3))}},
			want:   []policy.Field{policy.FieldParallelCompression, policy.FieldParallelLevel},
		},
		"what asks for nothing": {
			levels: policy.Levels{Global: policy.Policy{ZeroCopy: new(false), ParallelCompression: new(policy.NoCompression)}},
		},
		"what is for post-copy, without it": {
			levels: policy.Levels{Global: policy.Policy{PostCopyBandwidthMiBPerSecond: new(int64(7)), SwitchoverBandwidthMiBPerSecond: new(int64(7))}},
			want:   []policy.Field{policy.FieldPostCopyBandwidth},
		},
		"on_timeout with only the timeout": {
			levels: policy.Levels{VM: policy.Policy{OnTimeout: new(policy.Pause), StallTimeout: new(time.Duration(0))}},
		},
		"no timeouts and on_timeout left to its default": {
			levels: policy.Levels{VM: policy.Policy{Timeout: new(time.Duration(0)), StallTimeout: new(time.Duration(0))}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, policy.Resolve(test.levels).Inactive()); diff != "" {
				t.Errorf("inactive fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConflictsAreContradictionsAcrossLevels(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		levels policy.Levels
		want   []policy.Field
	}{
		"nothing is set": {},
		"tuning of a feature that is off": {
			levels: policy.Levels{
				VM:      policy.Policy{CompressionCacheMiB: new(int64(256)), AutoConvergeInitial: new(int64(30))},
				Cluster: policy.Policy{Compression: new(false), AutoConverge: new(false)},
			},
		},
		"compression on the VM, parallel connections on the cluster": {
			levels: policy.Levels{
				VM:      policy.Policy{Compression: new(true)},
				Cluster: policy.Policy{ParallelConnections: new(int64(4))},
			},
			want: []policy.Field{policy.FieldParallelConnections},
		},
		"the run switches the parallel connections off": {
			levels: policy.Levels{
				Run:     policy.Policy{ParallelConnections: new(int64(0))},
				VM:      policy.Policy{Compression: new(true)},
				Cluster: policy.Policy{ParallelConnections: new(int64(4))},
			},
		},
		"a switch to post-copy that no level lets": {
			levels: policy.Levels{Global: policy.Policy{OnTimeout: new(policy.SwitchToPostCopy)}},
			want:   []policy.Field{policy.FieldOnTimeout},
		},
		"a switch to post-copy that the VM forbids": {
			levels: policy.Levels{
				VM:     policy.Policy{PostCopy: new(false)},
				Global: policy.Policy{PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
			},
			want: []policy.Field{policy.FieldOnTimeout},
		},
		"a switch to post-copy that the cluster lets": {
			levels: policy.Levels{
				VM:      policy.Policy{OnTimeout: new(policy.SwitchToPostCopy)},
				Cluster: policy.Policy{PostCopy: new(true)},
				Global:  policy.Policy{PostCopy: new(false)},
			},
		},
		"a switch to post-copy that no timeout will ask for": {
			levels: policy.Levels{
				VM:     policy.Policy{Timeout: new(time.Duration(0)), StallTimeout: new(time.Duration(0))},
				Global: policy.Policy{OnTimeout: new(policy.SwitchToPostCopy)},
			},
		},
		"zero-copy on the VM, all that it excludes on the cluster": {
			levels: policy.Levels{
				VM:      policy.Policy{ZeroCopy: new(true)},
				Cluster: policy.Policy{ParallelConnections: new(int64(4)), ParallelCompression: new(policy.Zlib), Encryption: new(true)},
			},
			want: []policy.Field{policy.FieldZeroCopy, policy.FieldZeroCopy},
		},
		"XBZRLE on the VM, what is for parallel connections on the cluster": {
			levels: policy.Levels{
				VM:      policy.Policy{Compression: new(true)},
				Cluster: policy.Policy{ParallelCompression: new(policy.Zstd), ZeroCopy: new(true)},
			},
		},
		"zero-copy without parallel connections": {
			levels: policy.Levels{
				VM:     policy.Policy{ZeroCopy: new(true)},
				Global: policy.Policy{ParallelCompression: new(policy.Zlib), Encryption: new(true)},
			},
		},
		"a level of zstd on the VM, zlib on the cluster": {
			levels: policy.Levels{
				VM:      policy.Policy{ParallelCompressionLevel: new(int64(15))},
				Cluster: policy.Policy{ParallelConnections: new(int64(4)), ParallelCompression: new(policy.Zlib)},
			},
			want: []policy.Field{policy.FieldParallelLevel},
		},
		"both at once": {
			levels: policy.Levels{
				VM:     policy.Policy{Compression: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
				Global: policy.Policy{ParallelConnections: new(int64(2)), PostCopy: new(false)},
			},
			want: []policy.Field{policy.FieldParallelConnections, policy.FieldOnTimeout},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			conflicts := policy.Resolve(test.levels).Conflicts()
			if diff := cmp.Diff(test.want, conflictFields(conflicts)); diff != "" {
				t.Errorf("fields in conflict (-want +got):\n%s", diff)
			}
			for _, conflict := range conflicts {
				if conflict.Text == "" {
					t.Errorf("the conflict on %s has no words", conflict.Field)
				}
				levels := map[policy.Field]policy.Origin{}
				for _, v := range conflict.Values {
					levels[v.Field] = v.Origin
				}
				if len(levels) != 2 || levels[conflict.Field] == "" {
					t.Errorf("the conflict on %s names the levels %v, want those of two fields", conflict.Field, levels)
				}
			}
		})
	}
}

func TestWhatIsDormantIsNeverAConflict(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		effective := policy.Resolve(randomLevels(r))
		dormant := effective.Inactive()
		for _, conflict := range effective.Conflicts() {
			if slices.Contains(dormant, conflict.Field) {
				t.Fatalf("seed %d: %s is dormant and in conflict: %s", seed, conflict.Field, conflict.Text)
			}
		}
	}
}

func TestAValidPolicyThatDecidesEverythingHasNoConflict(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		var p policy.Policy
		for _, field := range policy.Fields() {
			randomize[field](r, &p)
		}
		if len(p.Validate()) > 0 {
			continue
		}
		effective := policy.Resolve(policy.Levels{VM: p})
		if conflicts := effective.Conflicts(); len(conflicts) > 0 {
			t.Fatalf("seed %d: it is in conflict: %v", seed, conflicts)
		}
	}
}

func TestEffectivePolicyResolvesToItself(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		effective := policy.Resolve(randomLevels(r))
		again := policy.Resolve(policy.Levels{VM: effective.Policy})
		effective.Origins, again.Origins = nil, nil
		if diff := cmp.Diff(effective, again); diff != "" {
			t.Fatalf("seed %d: effective policy (-first +again):\n%s", seed, diff)
		}
	}
}

// TestDigestsTellPoliciesApart compares values, not the levels that decided them.
func TestDigestsTellPoliciesApart(t *testing.T) {
	t.Parallel()
	const most = 100
	for seed, r := range rounds() {
		if seed == most {
			break
		}
		for field, set := range randomize {
			var p policy.Policy
			set(r, &p)
			vm := policy.Resolve(policy.Levels{VM: p})
			if cluster := policy.Resolve(policy.Levels{Cluster: p}); settable(field, policy.OriginCluster) && vm.Digest() != cluster.Digest() {
				t.Fatalf("seed %d: the digest depends on the level of %s", seed, field)
			}
			other := policy.Resolve(policy.Levels{})
			if same := vm.Equal(other.Policy); (vm.Digest() == other.Digest()) != same {
				t.Fatalf("seed %d: %s is %s, and the digest is that of the defaults: %v", seed, field, p.Text(field), !same)
			}
		}
	}
}

func conflictFields(conflicts []policy.Conflict) []policy.Field {
	var fields []policy.Field
	for _, c := range conflicts {
		fields = append(fields, c.Field)
	}
	return fields
}

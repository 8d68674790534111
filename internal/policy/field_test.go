package policy_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestFieldsAreTheAttributesInTheirOrder(t *testing.T) {
	t.Parallel()

	want := []policy.Field{
		"preset",
		"auto_converge", "auto_converge_initial", "auto_converge_increment", "max_throttle_percent",
		"compression", "compression_cache_mib", "compression_cache_max_mib",
		"bandwidth_mib_per_second", "max_downtime_ms", "downtime_schedule_ms", "parallel_connections",
		"post_copy", "encryption",
		"parallel_compression", "parallel_compression_level", "zero_copy",
		"post_copy_bandwidth_mib_per_second", "switchover_bandwidth_mib_per_second",
		"timeout", "stall_timeout", "on_timeout",
		"copy_storage", "synchronous_writes",
		"evacuation", "anti_affinity_group",
	}
	if diff := cmp.Diff(want, policy.Fields()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestFieldsReturnsACopy(t *testing.T) {
	t.Parallel()

	policy.Fields()[0] = "mine"
	if slices.Contains(policy.Fields(), "mine") {
		t.Error("a caller can change the list of fields for others")
	}
}

func TestEveryMemberOfPolicyIsAField(t *testing.T) {
	t.Parallel()

	if got, want := len(policy.Fields()), reflect.TypeFor[policy.Policy]().NumField(); got != want {
		t.Errorf("there are %d fields and Policy has %d members", got, want)
	}
}

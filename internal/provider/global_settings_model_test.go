package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestGlobalSettingsOfAnOlderRelease: a switch that neither the state nor the record has is false in both, as a plan has
// it, so that an upgrade changes nothing.
func TestGlobalSettingsOfAnOlderRelease(t *testing.T) {
	t.Parallel()
	older := policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(400))}
	m := &globalSettingsModel{policyModel: policyModelOf(older)}
	delete(m.values, string(policy.FieldCompression)) // the schema of that release did not have it
	if declared := m.declaration().Policy; !declared.Equal(older.Global()) {
		t.Errorf("declared is %v", declared.Differences(older.Global()))
	}
	m.complete()
	for _, d := range policy.Table() {
		got := m.values[string(d.Field)]
		switch {
		case d.Field == policy.FieldAutoConverge && got.Equal(types.BoolValue(true)):
		case d.Kind == policy.Switch && d.Field != policy.FieldAutoConverge && got.Equal(types.BoolValue(false)):
		case d.Kind != policy.Switch && got.IsNull() == (d.Value(older) == nil):
		default:
			t.Errorf("%s is %v", d.Field, got)
		}
	}
	cluster := &clusterPolicyModel{policyModel: policyModelOf(older)}
	cluster.complete()
	if !cluster.toPolicy().Equal(older) {
		t.Error("what a cluster leaves out does not inherit")
	}
}

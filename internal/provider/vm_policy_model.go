package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// vmPolicyModel is the policy of one VM.
type vmPolicyModel struct {
	policyModel
	VM          types.String `tfsdk:"vm"`
	ID          types.String `tfsdk:"id"`
	UUID        types.String `tfsdk:"uuid"`
	Drift       types.Map    `tfsdk:"drift"`
	Owner       types.String `tfsdk:"owner"`
	Replaces    types.String `tfsdk:"replaces"`
	UnseenHosts types.Set    `tfsdk:"unseen_hosts"`
}

// record is what the record is of.
func (m *vmPolicyModel) record() instance.Record {
	if m.UUID.ValueString() != "" {
		return instance.Record{Level: policy.OriginVM, Of: m.UUID.ValueString()}
	}
	return instance.Record{Level: policy.OriginVM, Of: m.VM.ValueString()}
}

// change is what a plan makes of the record.
func (m *vmPolicyModel) change() instance.Change {
	record := m.record()
	return instance.Change{Record: record, Unknown: record.Of == "" || !m.known(), Policy: m.toPolicy()}
}

// removal is the record's, in a plan.
func (m *vmPolicyModel) removal() instance.Change {
	return instance.Change{Record: m.record(), Removed: true}
}

// declaration is the record that the VM is to have.
func (m vmPolicyModel) declaration() fleet.Declaration {
	return fleet.Declaration{Policy: m.toPolicy()}
}

// refresh writes what was read into the model. Where all copies agree on another
// policy, its values go into the attributes, so that a plan shows the real difference.
// The attribute drift is empty then. It returns what differs.
func (m *vmPolicyModel) refresh(record fleet.VMRecord) []fleet.Drift {
	declared := m.toPolicy()
	drift := record.Drift(declared)
	m.Drift = driftMap(drift)
	if agreed, ok := record.Agreed(); ok && !agreed.Equal(declared) {
		m.policyModel, m.Drift = policyModelOf(agreed), driftMap(nil)
	}
	return drift
}

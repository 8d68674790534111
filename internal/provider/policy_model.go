package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyModel is the policy attributes of a resource or an action. Other models
// embed it; getModel, setState and setPlan fill it in and write it.
type policyModel struct {
	values map[string]attr.Value // by attribute; one that is missing is null
}

func policyModelOf(p policy.Policy) policyModel {
	values := map[string]attr.Value{}
	for _, d := range policy.Table() {
		values[string(d.Field)] = policyKinds[d.Kind].value(d.Value(p))
	}
	return policyModel{values}
}

// toPolicy treats an unknown value as left out, so that a configuration can be
// validated as far as it is known. The attribute's type has refused what cannot be set.
func (m policyModel) toPolicy() policy.Policy {
	var p policy.Policy
	for _, d := range policy.Table() {
		if v, ok := m.values[string(d.Field)]; ok && !v.IsNull() && whollyKnown(v) {
			_ = d.Set(&p, policyKinds[d.Kind].plain(v))
		}
	}
	return p
}

// known tells whether every field has a value, or none, by now.
func (m policyModel) known() bool {
	for _, v := range m.values {
		if !whollyKnown(v) {
			return false
		}
	}
	return true
}

func (m *policyModel) fields() *policyModel { return m }

// policyHolder is a model that embeds policyModel, by reference.
type policyHolder interface{ fields() *policyModel }

// effectiveObject is an effective policy as an object.
func effectiveObject(e policy.Effective) types.Object { return policyObject(e.Policy) }

// policyObject is a policy as an object.
func policyObject(p policy.Policy) types.Object {
	return types.ObjectValueMust(effectiveTypes(), policyModelOf(p).values)
}

// originsMap names the level that decided each field.
func originsMap(e policy.Effective) types.Map {
	origins := make(map[string]attr.Value, len(e.Origins))
	fields := policy.Fields()
	for i, origin := range e.Origins {
		origins[string(fields[i])] = types.StringValue(string(origin))
	}
	return types.MapValueMust(types.StringType, origins)
}

// validatePolicy reports every problem of a policy on the attribute at fault.
func validatePolicy(p policy.Policy) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, problem := range p.Validate() {
		diags.Append(failed(explain.InvalidPolicy(problem), path.Root(string(problem.Field))))
	}
	return diags
}

package provider

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// claimHosts notes that a record is planned for hosts, and refuses those that another
// resource has planned one of the level for.
func (r *hostRecordResource) claimHosts(m instance.Memory, record instance.Record, hosts types.Set) diag.Diagnostics {
	claimant := m.Claimant()
	taken := map[string][]string{} // hosts, by what the other resource is of
	for _, name := range namesIn(hosts) {
		at := instance.RecordKey{Level: record.Level, On: name}
		if other, ok := r.claims.Claim(claimant, at, record.Of); !ok {
			taken[other] = append(taken[other], name)
		}
	}
	var diags diag.Diagnostics
	for _, other := range slices.Sorted(maps.Keys(taken)) {
		at := path.Root("hosts")
		if names := taken[other]; len(names) == 1 {
			at = hostPath(names[0])
		}
		diags.Append(failed(explain.ClaimedTwice(record.Level, taken[other], record.Of, other), at))
	}
	return diags
}

// hostPath is a host in the attribute "hosts".
func hostPath(name string) path.Path {
	var element attr.Value = types.StringValue(name)
	return path.Root("hosts").AtSetValue(element)
}

// claimVM is claimHosts for the policy of a VM, which on names by its UUID where it has
// one yet. vm is what the configuration calls it.
func (r *vmPolicyResource) claimVM(m instance.Memory, on, vm string) diag.Diagnostics {
	if other, ok := r.claims.Claim(m.Claimant(), instance.RecordKey{Level: policy.OriginVM, On: on}, vm); !ok {
		return diag.Diagnostics{failed(explain.ClaimedTwice(policy.OriginVM, []string{on}, vm, other), path.Root("vm"))}
	}
	return nil
}

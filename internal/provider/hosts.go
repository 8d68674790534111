package provider

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

func hostSetValidators() []validator.Set {
	return []validator.Set{setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))}
}

// hostNames are the known names of a set, sorted.
func hostNames(set types.Set) []string {
	var names []string
	for _, element := range set.Elements() {
		if name, ok := element.(types.String); ok && !name.IsUnknown() && !name.IsNull() {
			names = append(names, name.ValueString())
		}
	}
	slices.Sort(names)
	return names
}

func hostSet(names []string) types.Set {
	elements := make([]attr.Value, len(names))
	for i, name := range names {
		elements[i] = types.StringValue(name)
	}
	return types.SetValueMust(types.StringType, elements)
}

// checkHosts reports every name that the provider's configuration lacks.
func checkHosts(f *fleet.Fleet, set types.Set) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, name := range hostNames(set) {
		if err := f.Check(name); err != nil {
			diags.Append(diagnose("Find Host", err, path.Root("hosts").AtSetValue(types.StringValue(name))))
		}
	}
	return diags
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

func union(names, others []string) []string {
	all := append(slices.Clone(names), without(others, names)...)
	slices.Sort(all)
	return all
}

// hostsKey is where a resource keeps, in its private state, the hosts that it
// was last written to. The attribute "hosts" is not enough: it shows only those
// that are in sync, and a host that has drifted out of it must still be read,
// repaired and cleaned up.
const hostsKey = "hosts"

// privateReader and privateWriter are the framework's private state.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func saveHosts(ctx context.Context, private privateWriter, names []string) diag.Diagnostics {
	document, err := json.Marshal(names)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Save Private State", err.Error())}
	}
	return private.SetKey(ctx, hostsKey, document)
}

// declaredHosts are the hosts that the resource was last written to, with those
// that state shows.
func declaredHosts(ctx context.Context, private privateReader, state types.Set) ([]string, diag.Diagnostics) {
	document, diags := private.GetKey(ctx, hostsKey)
	if diags.HasError() || len(document) == 0 {
		return hostNames(state), diags
	}
	var names []string
	if err := json.Unmarshal(document, &names); err != nil {
		diags.AddError("Unable to Read Private State", "The list of hosts in the resource's private state can not be read: "+err.Error()+".")
	}
	return union(names, hostNames(state)), diags
}

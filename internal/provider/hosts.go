package provider

import (
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

func hostSetValidators() []validator.Set {
	return []validator.Set{someHosts{}, setvalidator.ValueStringsAre(nameValidator{})}
}

func hostSet(names []string) types.Set {
	elements := make([]attr.Value, len(names))
	for i, name := range names {
		elements[i] = types.StringValue(name)
	}
	return types.SetValueMust(types.StringType, elements)
}

// checkHosts reports every name in a set that the provider's configuration lacks.
func checkHosts(f *fleet.Fleet, set types.Set, at path.Path) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, name := range namesIn(set) {
		if err := f.Check(name); err != nil {
			diags.Append(diagnose("Find Host", err, at.AtSetValue(types.StringValue(name))))
		}
	}
	return diags
}

func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

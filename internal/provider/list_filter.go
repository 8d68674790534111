package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

// hostsFilter is the hosts of a list. The framework has no sets in the configuration of one.
func hostsFilter(description string) schema.ListAttribute {
	return schema.ListAttribute{
		MarkdownDescription: description,
		ElementType:         types.StringType,
		Optional:            true,
		Validators: []validator.List{
			listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
		},
	}
}

// nameFilter is the pattern of names in a list.
func nameFilter() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: nameRegexDescription,
		Optional:            true,
		Validators:          []validator.String{regularExpression{}},
	}
}

// textsOf are the texts of a list.
func textsOf(l types.List) []string {
	var texts []string
	for _, element := range l.Elements() {
		if text, ok := element.(types.String); ok {
			texts = append(texts, text.ValueString())
		}
	}
	return texts
}

// listable checks what a list is asked for.
func (r *resourceBase) listable(hosts []string) diag.Diagnostics {
	if r.fleet == nil {
		return diag.Diagnostics{failed(explain.ListTooEarly(r.object))}
	}
	var diags diag.Diagnostics
	for i, name := range hosts {
		if err := r.fleet.Check(name); err != nil {
			diags.Append(diagnose("Find Host", err, path.Root("hosts").AtListIndex(i)))
		}
	}
	return diags
}

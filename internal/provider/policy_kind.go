package provider

import (
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyKind is how the policy fields of one kind are written in Terraform.
type policyKind struct {
	resource func(description string) schema.Attribute // optional
	action   func(description string) actionschema.Attribute
	// dataSource may be given by the configuration, or is computed.
	dataSource func(description string, given bool) datasourceschema.Attribute
	// value is the attribute's value for one of the table, or null for nil.
	value func(any) attr.Value
	// plain is the table's value for a known one of the attribute.
	plain func(attr.Value) any
}

// textKind is that of a text, whatever is valid.
var textKind = policyKind{
	resource: func(d string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: d, Optional: true}
	},
	action: func(d string) actionschema.Attribute {
		return actionschema.StringAttribute{MarkdownDescription: d, Optional: true}
	},
	dataSource: func(d string, given bool) datasourceschema.Attribute {
		return datasourceschema.StringAttribute{MarkdownDescription: d, Optional: given, Computed: !given}
	},
	value: func(v any) attr.Value { return valueOf(v, types.StringNull(), types.StringValue) },
	plain: func(v attr.Value) any { return plainOf(v, types.String.ValueString) },
}

var policyKinds = map[policy.Kind]policyKind{
	policy.Switch: {
		resource: func(d string) schema.Attribute {
			return schema.BoolAttribute{MarkdownDescription: d, Optional: true}
		},
		action: func(d string) actionschema.Attribute {
			return actionschema.BoolAttribute{MarkdownDescription: d, Optional: true}
		},
		dataSource: func(d string, given bool) datasourceschema.Attribute {
			return datasourceschema.BoolAttribute{MarkdownDescription: d, Optional: given, Computed: !given}
		},
		value: func(v any) attr.Value { return valueOf(v, types.BoolNull(), types.BoolValue) },
		plain: func(v attr.Value) any { return plainOf(v, types.Bool.ValueBool) },
	},
	policy.Number: {
		resource: func(d string) schema.Attribute {
			return schema.Int64Attribute{CustomType: wholeNumberType{}, MarkdownDescription: d, Optional: true}
		},
		action: func(d string) actionschema.Attribute {
			return actionschema.Int64Attribute{CustomType: wholeNumberType{}, MarkdownDescription: d, Optional: true}
		},
		dataSource: func(d string, given bool) datasourceschema.Attribute {
			return datasourceschema.Int64Attribute{
				CustomType: wholeNumberType{}, MarkdownDescription: d, Optional: given,
				Computed: !given,
			}
		},
		value: func(v any) attr.Value { return valueOf(v, wholeNumber{}, newWholeNumber) },
		plain: func(v attr.Value) any { return plainOf(v, wholeNumber.ValueInt64) },
	},
	policy.Duration: {
		resource: func(d string) schema.Attribute {
			return schema.StringAttribute{
				MarkdownDescription: d,
				Optional:            true,
				CustomType:          durationType{},
				PlanModifiers:       []planmodifier.String{sameDuration{}},
			}
		},
		action: func(d string) actionschema.Attribute {
			return actionschema.StringAttribute{MarkdownDescription: d, Optional: true, CustomType: durationType{}}
		},
		dataSource: func(d string, given bool) datasourceschema.Attribute {
			return datasourceschema.StringAttribute{
				MarkdownDescription: d, Optional: given, Computed: !given, CustomType: durationType{},
			}
		},
		value: func(v any) attr.Value {
			return valueOf(v, duration{}, newDuration)
		},
		plain: func(v attr.Value) any {
			return plainOf(v, func(v duration) string { return v.ValueString() })
		},
	},
	policy.Word: textKind,
	policy.Name: textKind,
	policy.NumberList: {
		resource: func(d string) schema.Attribute {
			return schema.ListAttribute{CustomType: newNumberListType(), MarkdownDescription: d, Optional: true}
		},
		action: func(d string) actionschema.Attribute {
			return actionschema.ListAttribute{CustomType: newNumberListType(), MarkdownDescription: d, Optional: true}
		},
		dataSource: func(d string, given bool) datasourceschema.Attribute {
			return datasourceschema.ListAttribute{
				CustomType: newNumberListType(), MarkdownDescription: d, Optional: given, Computed: !given,
			}
		},
		value: func(v any) attr.Value {
			if numbers, ok := v.(policy.Numbers); ok {
				return newNumberList(numbers)
			}
			return noNumbers
		},
		plain: func(v attr.Value) any { return plainOf(v, numberList.numbers) },
	},
}

func valueOf[P any, A attr.Value](plain any, null A, value func(P) A) attr.Value {
	if v, ok := plain.(P); ok {
		return value(v)
	}
	return null
}

func plainOf[A attr.Value, P any](v attr.Value, plain func(A) P) any {
	if a, ok := v.(A); ok {
		return plain(a)
	}
	return nil
}

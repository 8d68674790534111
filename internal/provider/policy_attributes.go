package provider

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The values of a switch below the global level.
const (
	inheritSwitch = "inherit"
	switchTrue    = "true"
	switchFalse   = "false"
)

// levelAttributes is the policy of a cluster, a VM or a single move: switches
// inherit by default.
func levelAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := commonAttributes(add)
	for _, d := range policy.Table() {
		if d.Kind == policy.Switch {
			attributes[string(d.Field)] = schema.StringAttribute{
				MarkdownDescription: d.Description() + " `inherit` (default), `true` or `false`.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(inheritSwitch),
				Validators:          []validator.String{switchValidator()},
			}
		}
	}
	return attributes
}

// globalAttributes is the policy of the global settings, from which there is
// nothing to inherit: switches are off by default, and that is written down.
func globalAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := commonAttributes(add)
	for _, d := range policy.Table() {
		if d.Kind == policy.Switch {
			attributes[string(d.Field)] = schema.BoolAttribute{
				MarkdownDescription: d.Description() + " Default: `false`.",
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			}
		}
	}
	return attributes
}

// commonAttributes has the fields that are written alike on every level.
func commonAttributes(add map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(add)+len(policy.Table()))
	for name, attribute := range add {
		attributes[name] = attribute
	}
	for _, d := range policy.Table() {
		switch d.Kind {
		case policy.Number:
			attributes[string(d.Field)] = schema.Int64Attribute{MarkdownDescription: d.Description(), Optional: true}
		case policy.Duration:
			attributes[string(d.Field)] = schema.StringAttribute{
				MarkdownDescription: d.Description(),
				Optional:            true,
				CustomType:          timetypes.GoDurationType{},
				PlanModifiers:       []planmodifier.String{sameDuration{}},
			}
		case policy.Word:
			attributes[string(d.Field)] = schema.StringAttribute{MarkdownDescription: d.Description(), Optional: true}
		case policy.Switch:
		}
	}
	return attributes
}

// runAttributes is the policy of a move by action, which has no defaults: what
// is left out inherits.
func runAttributes() map[string]actionschema.Attribute {
	attributes := make(map[string]actionschema.Attribute, len(policy.Table()))
	for _, d := range policy.Table() {
		name := string(d.Field)
		switch d.Kind {
		case policy.Switch:
			attributes[name] = actionschema.StringAttribute{
				MarkdownDescription: d.Description() + " `inherit` (as when left out), `true` or `false`.",
				Optional:            true,
				Validators:          []validator.String{switchValidator()},
			}
		case policy.Number:
			attributes[name] = actionschema.Int64Attribute{MarkdownDescription: d.Description(), Optional: true}
		case policy.Duration:
			attributes[name] = actionschema.StringAttribute{MarkdownDescription: d.Description(), Optional: true, CustomType: timetypes.GoDurationType{}}
		case policy.Word:
			attributes[name] = actionschema.StringAttribute{MarkdownDescription: d.Description(), Optional: true}
		}
	}
	return attributes
}

// effectiveAttributes is the policy as it resolved, in a data source.
func effectiveAttributes() map[string]datasourceschema.Attribute {
	attributes := make(map[string]datasourceschema.Attribute, len(policy.Table()))
	for _, d := range policy.Table() {
		name := string(d.Field)
		switch d.Kind {
		case policy.Switch:
			attributes[name] = datasourceschema.BoolAttribute{MarkdownDescription: d.Description(), Computed: true}
		case policy.Number:
			attributes[name] = datasourceschema.Int64Attribute{MarkdownDescription: d.Description(), Computed: true}
		case policy.Duration, policy.Word:
			attributes[name] = datasourceschema.StringAttribute{MarkdownDescription: d.Description(), Computed: true}
		}
	}
	return attributes
}

// reportedAttributes is the policy under which a VM was moved, in state.
func reportedAttributes() map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(policy.Table()))
	for _, d := range policy.Table() {
		name := string(d.Field)
		switch d.Kind {
		case policy.Switch:
			attributes[name] = schema.BoolAttribute{MarkdownDescription: d.Description(), Computed: true}
		case policy.Number:
			attributes[name] = schema.Int64Attribute{MarkdownDescription: d.Description(), Computed: true}
		case policy.Duration, policy.Word:
			attributes[name] = schema.StringAttribute{MarkdownDescription: d.Description(), Computed: true}
		}
	}
	return attributes
}

// levelTypes are the attribute types of the policy of a single move as an
// object.
func levelTypes() map[string]attr.Type {
	attributes := make(map[string]attr.Type, len(policy.Table()))
	for _, d := range policy.Table() {
		switch d.Kind {
		case policy.Number:
			attributes[string(d.Field)] = types.Int64Type
		case policy.Duration:
			attributes[string(d.Field)] = timetypes.GoDurationType{}
		case policy.Switch, policy.Word:
			attributes[string(d.Field)] = types.StringType
		}
	}
	return attributes
}

// effectiveTypes are the attribute types of an effective policy as an object.
func effectiveTypes() map[string]attr.Type {
	attributes := make(map[string]attr.Type, len(policy.Table()))
	for _, d := range policy.Table() {
		switch d.Kind {
		case policy.Switch:
			attributes[string(d.Field)] = types.BoolType
		case policy.Number:
			attributes[string(d.Field)] = types.Int64Type
		case policy.Duration, policy.Word:
			attributes[string(d.Field)] = types.StringType
		}
	}
	return attributes
}

func switchValidator() validator.String {
	return stringvalidator.OneOf(inheritSwitch, switchTrue, switchFalse)
}

package provider

import (
	"maps"

	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyAttributes is an attribute for each policy field, as its kind makes it.
func policyAttributes[A any](of func(policyKind) func(description string) A) map[string]A {
	attributes := map[string]A{}
	for _, d := range policy.Table() {
		attributes[string(d.Field)] = of(policyKinds[d.Kind])(d.Description())
	}
	return attributes
}

// levelAttributes is the policy of a cluster, a VM or a move beside a resource's
// own attributes: what is left out inherits.
func levelAttributes(own map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := policyAttributes(func(k policyKind) func(string) schema.Attribute { return k.resource })
	maps.Copy(attributes, own)
	return attributes
}

// globalAttributes is levelAttributes for the global settings, from which there
// is nothing to inherit: switches are off by default, and that is written down.
func globalAttributes(own map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := levelAttributes(own)
	for _, d := range policy.Table() {
		if d.Kind == policy.Switch {
			attributes[string(d.Field)] = schema.BoolAttribute{
				MarkdownDescription: d.Description(),
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(false),
			}
		}
	}
	return attributes
}

// actionAttributes is the policy of a move by action beside the action's own
// attributes: what is left out inherits.
func actionAttributes(own map[string]actionschema.Attribute) map[string]actionschema.Attribute {
	attributes := policyAttributes(func(k policyKind) func(string) actionschema.Attribute { return k.action })
	maps.Copy(attributes, own)
	return attributes
}

// effectiveAttributes is the policy as it resolved, in a data source.
func effectiveAttributes() map[string]datasourceschema.Attribute {
	return policyAttributes(func(k policyKind) func(string) datasourceschema.Attribute { return k.dataSource })
}

// reportedAttributes is the policy under which a VM was moved, in state.
func reportedAttributes() map[string]schema.Attribute {
	return policyAttributes(func(k policyKind) func(string) schema.Attribute { return k.computed })
}

// effectiveTypes are the types of both.
func effectiveTypes() map[string]attr.Type { return typesOf(reportedAttributes()) }

// typesOf are the types of attributes.
func typesOf(attributes map[string]schema.Attribute) map[string]attr.Type {
	types := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		types[name] = attribute.GetType()
	}
	return types
}

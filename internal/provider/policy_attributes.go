package provider

import (
	"maps"
	"sync"

	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyAttributes is an attribute for each policy field that a level may set, as its kind
// makes it.
func policyAttributes[A any](level policy.Origin, of func(policyKind) func(description string) A) map[string]A {
	attributes := map[string]A{}
	for _, d := range policy.Table() {
		if d.At(level) {
			attributes[string(d.Field)] = of(policyKinds[d.Kind])(d.Description())
		}
	}
	return attributes
}

// levelAttributes is a resource's own attributes and those of the policy of a level: a
// field that is left out inherits.
func levelAttributes(level policy.Origin, own map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := policyAttributes(level, func(k policyKind) func(string) schema.Attribute { return k.resource })
	maps.Copy(attributes, own)
	return attributes
}

// globalAttributes is levelAttributes for the global settings, which inherit from
// nothing: a switch that is left out is false, and recorded as that.
func globalAttributes(own map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := levelAttributes(policy.OriginGlobal, own)
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

// actionAttributes is levelAttributes for an action, which moves.
func actionAttributes(own map[string]actionschema.Attribute) map[string]actionschema.Attribute {
	attributes := policyAttributes(policy.OriginRun,
		func(k policyKind) func(string) actionschema.Attribute { return k.action })
	maps.Copy(attributes, own)
	return attributes
}

// effectiveAttributes is an effective policy in a data source: that of a VM, which has every
// field.
func effectiveAttributes() map[string]datasourceschema.Attribute {
	return dataSourceAttributes(policy.OriginVM, false)
}

// runAttributes is the policy of a move that a data source is asked about.
func runAttributes() map[string]datasourceschema.Attribute {
	return dataSourceAttributes(policy.OriginRun, true)
}

// dataSourceAttributes is a policy in a data source: given by the configuration, or
// computed.
func dataSourceAttributes(level policy.Origin, given bool) map[string]datasourceschema.Attribute {
	return policyAttributes(level, func(k policyKind) func(string) datasourceschema.Attribute {
		return func(description string) datasourceschema.Attribute { return k.dataSource(description, given) }
	})
}

// effectiveTypes are the types of an effective policy. Nobody changes them.
var effectiveTypes = sync.OnceValue(func() map[string]attr.Type { return typesOf(effectiveAttributes()) })

// typesOf are the types of attributes.
func typesOf[A interface{ GetType() attr.Type }](attributes map[string]A) map[string]attr.Type {
	types := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		types[name] = attribute.GetType()
	}
	return types
}

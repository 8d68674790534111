package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// driftAttribute shows which copies of a record are not as declared. copies is what the
// keys are.
func driftAttribute(copies string) schema.MapAttribute {
	return schema.MapAttribute{
		MarkdownDescription: "Copies of the record that are not as declared here: a map from the " + copies + " to " +
			"`missing`, `unreadable`, or `differs: ` with the fields. Empty when all copies are in sync, and when all agree " +
			"on other values, which then show in the attributes. The next apply repairs any drift in place.",
		ElementType: types.StringType,
		Computed:    true,
	}
}

// driftMap is the value of a driftAttribute.
func driftMap(drift []fleet.Drift) types.Map {
	elements := make(map[string]attr.Value, len(drift))
	for _, d := range drift {
		elements[d.Key()] = types.StringValue(explain.DriftValue(d))
	}
	return types.MapValueMust(types.StringType, elements)
}

// surveyedDrift is the drift after a survey, which keeps what state says of hosts
// that could not be asked. Copies that agree on another policy are no drift: the
// attributes show it.
func surveyedDrift(s fleet.Survey, state types.Map) types.Map {
	found := s.Drift
	if s.Changed != nil {
		found = nil
	}
	drift := driftMap(found).Elements()
	for _, name := range s.Unasked {
		if how, ok := state.Elements()[name]; ok {
			drift[name] = how
		}
	}
	return types.MapValueMust(types.StringType, drift)
}

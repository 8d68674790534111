package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// driftAttribute shows which copies of a record are not what is declared.
func driftAttribute(copies string) schema.MapAttribute {
	return schema.MapAttribute{
		MarkdownDescription: "The copies of the record that are not what is declared here, by " + copies + ": `missing`, `unreadable`, or `differs: ` with the fields. " +
			"Empty when all are in sync, and also when all copies agree on other values: those show in the attributes. Any drift is repaired in place by the next apply.",
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

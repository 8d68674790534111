package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
)

var _ planmodifier.String = sameDuration{}

// sameDuration is a plan modifier: another spelling of the duration in state is
// no change. The type's own equality keeps the spelling only after the plan.
type sameDuration struct{}

func (sameDuration) Description(context.Context) string {
	return "Another spelling of the same duration is no change."
}

func (m sameDuration) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (sameDuration) PlanModifyString(
	_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse,
) {
	if (duration{req.PlanValue}).same(duration{req.StateValue}) {
		resp.PlanValue = req.StateValue
	}
}

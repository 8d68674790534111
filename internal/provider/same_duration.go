package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
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
	planned := fromDuration(timetypes.GoDuration{StringValue: req.PlanValue})
	present := fromDuration(timetypes.GoDuration{StringValue: req.StateValue})
	if planned != nil && present != nil && *planned == *present {
		resp.PlanValue = req.StateValue
	}
}

// fromDuration is nil for what is not a known duration.
func fromDuration(v timetypes.GoDuration) *time.Duration {
	d, diags := v.ValueGoDuration()
	if diags.HasError() {
		return nil
	}
	return &d
}

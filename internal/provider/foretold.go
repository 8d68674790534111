package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// foretell warns in the plan of a move that is forecast not to end, or that cannot be forecast, where the configuration
// asks for a forecast. It measures the VM, once in a run. The move is the planned one, to the host that would be
// chosen now.
func foretell(
	ctx context.Context, f *fleet.Fleet, seen *foresight, move fleet.Move, l fleet.Location, asked types.String,
) diag.Diagnostics {
	if l.Host == "" || move.Destination == "" {
		return nil
	}
	move.Forecast = fleet.Forecasting(asked.ValueString())
	made, err := f.ForecastPlanned(ctx, move, l, seen.policy)
	switch {
	case err != nil:
		return diag.Diagnostics{diagnose("Plan VM Migration", err, path.Root("vm"))}
	case made == nil:
		return nil
	}
	return warned(explain.Foretold(l, move, *made)...)
}

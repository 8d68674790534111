package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

var (
	_ action.ActionWithConfigure      = (*liveMigrationAction)(nil)
	_ action.ActionWithModifyPlan     = (*liveMigrationAction)(nil)
	_ action.ActionWithValidateConfig = (*liveMigrationAction)(nil)
)

func newLiveMigrationAction() action.Action { return &liveMigrationAction{} }

// liveMigrationAction moves a running VM once.
type liveMigrationAction struct{ providerData }

// liveMigrationActionModel is what the action is asked for.
type liveMigrationActionModel struct {
	openMoveModel
	Forecast types.String `tfsdk:"forecast"`
}

func (a *liveMigrationAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_vm_live_migration"
}

func (a *liveMigrationAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Live-migrates a running VM to another host, once, under its effective policy. A VM that is " +
			"on its destination already is left alone. The policy is what the records say when the move starts: an action " +
			"that has to come after a policy in the same apply is triggered by it (`action_trigger` with `after_create` and " +
			"`after_update`). The plan checks the move under the policy that the same plan comes to. Requires Terraform " +
			"1.14 or later.",
		Attributes: actionAttributes(map[string]schema.Attribute{
			"vm": schema.StringAttribute{
				MarkdownDescription: vmDescription,
				Required:            true,
				Validators:          []validator.String{nameValidator{}},
			},
			"destination": schema.StringAttribute{
				MarkdownDescription: openDestinationDescription,
				Optional:            true,
				Validators:          []validator.String{nameValidator{}},
			},
			"destinations": schema.SetAttribute{
				MarkdownDescription: destinationsDescription,
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          hostSetValidators(),
			},
			"cluster": schema.StringAttribute{
				MarkdownDescription: clusterDescription,
				Optional:            true,
				Validators:          []validator.String{nameValidator{255}},
			},
			"mode": schema.StringAttribute{
				MarkdownDescription: moveModeDescription,
				Optional:            true,
				Validators:          []validator.String{oneOf(migration.Modes()...)},
			},
			"disks": schema.SetAttribute{
				MarkdownDescription: disksDescription,
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.Set{targetsValidator{}},
			},
			"forecast": schema.StringAttribute{
				MarkdownDescription: forecastDescription,
				Optional:            true,
				Validators:          []validator.String{oneOf(fleet.Forecastings()...)},
			},
		}),
		Blocks: actionChanges(),
	}
}

func (a *liveMigrationAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.providerData = dataOf(req.ProviderData)
}

func (a *liveMigrationAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config liveMigrationActionModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

// ModifyPlan checks the move, as far as that is possible in a plan.
func (a *liveMigrationAction) ModifyPlan(
	ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse,
) {
	var config liveMigrationActionModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		// What triggers the action is planned before it, but other policies may be planned beside it. Whether the action
		// starts before these change, or after it, is not known.
		seen := a.foresight(config.moveModel, config.VM.ValueString())
		seen.unsettled = true
		among, diags := a.candidates(ctx, config.openMoveModel, 0)
		resp.Diagnostics.Append(diags...)
		planned := config.assess(ctx, a.fleet, among, seen, "", fleet.ShutOffError)
		resp.Diagnostics.Append(planned.diags...)
		if !planned.diags.HasError() {
			resp.Diagnostics.Append(foretell(ctx, a.fleet, seen, planned.Move, planned.Location, config.Forecast)...)
		}
	}
}

func (a *liveMigrationAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config liveMigrationActionModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	move, diags := config.move(config.VM.ValueString(), "")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	move.Forecast = fleet.Forecasting(config.Forecast.ValueString())
	say := func(line string) { resp.SendProgress(action.InvokeProgressEvent{Message: line}) }
	record, log := newMoveReport(a.reports), logProgress(ctx)
	move.Reading = record.reading
	moved, err := a.fleet.Move(ctx, move, record.watching(func(p fleet.Progress) { say(explain.Line(p)); log(p) }))
	if err != nil {
		diags = diag.Diagnostics{diagnoseMove(err, config.openMoveModel)}
	} else {
		diags = warned(explain.Moved(moved)...)
		say(explain.Done(moved))
		logDone(ctx, moved)
	}
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(record.write(moved, err, diags)...)
}

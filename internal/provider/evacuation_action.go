package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var (
	_ action.ActionWithConfigure      = (*evacuationAction)(nil)
	_ action.ActionWithModifyPlan     = (*evacuationAction)(nil)
	_ action.ActionWithValidateConfig = (*evacuationAction)(nil)
)

func newEvacuationAction() action.Action { return &evacuationAction{} }

// evacuationAction empties a host once.
type evacuationAction struct{ providerData }

func (a *evacuationAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_host_evacuation"
}

func (a *evacuationAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Empties a host once, as `virt_host_maintenance` does: each VM that runs there moves to the " +
			"host that takes it best, or is shut down, saved or left, as the field `evacuation` of its policy says. The " +
			"host is not cordoned, and nothing comes back by itself: what was shut down or saved is started by `virsh start`. " +
			"Requires Terraform 1.14 or later.",
		Attributes: map[string]schema.Attribute{
			"host": schema.StringAttribute{
				MarkdownDescription: evacuatedHostDescription, Required: true, Validators: []validator.String{nameValidator{}},
			},
			"destinations": schema.SetAttribute{
				MarkdownDescription: evacuationAmong, ElementType: types.StringType, Optional: true,
				Validators: hostSetValidators(),
			},
			"cluster": schema.StringAttribute{
				MarkdownDescription: evacuationCluster, Optional: true, Validators: []validator.String{nameValidator{255}},
			},
			"on_failure": schema.StringAttribute{
				MarkdownDescription: onFailureText, Optional: true, Validators: []validator.String{oneOf(onFailures()...)},
			},
		},
	}
}

func (a *evacuationAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.providerData = dataOf(req.ProviderData)
}

func (a *evacuationAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config evacuationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

// ModifyPlan says what becomes of each VM.
func (a *evacuationAction) ModifyPlan(
	ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse,
) {
	var config evacuationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan, ok, diags := config.plan(ctx, a.fleet, config.evacuation())
	resp.Diagnostics.Append(diags...)
	if ok {
		resp.Diagnostics.Append(warnedAt(path.Root("host"), explain.WouldLeave(plan)))
	}
}

func (a *evacuationAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config evacuationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	say := func(line string) { resp.SendProgress(action.InvokeProgressEvent{Message: line}) }
	done, err := a.fleet.Evacuate(ctx, config.evacuation(), func(p fleet.EvacuationProgress) {
		say(explain.EvacuationLine(p))
		logEvacuation(ctx, p)
	})
	if err != nil {
		resp.Diagnostics.Append(failed(explain.Evacuation("Evacuate Host", err), path.Root("host")))
		return
	}
	if len(done.Stuck)+len(done.Failures) > 0 {
		resp.Diagnostics.Append(warned(explain.StillThere(done))...)
	}
	say(explain.Emptied(done))
}

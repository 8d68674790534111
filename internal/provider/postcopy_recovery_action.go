package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var _ action.ActionWithConfigure = (*postCopyRecoveryAction)(nil)

func newPostCopyRecoveryAction() action.Action { return &postCopyRecoveryAction{} }

// postCopyRecoveryAction sends the rest of the memory of a VM whose post-copy has lost its link.
type postCopyRecoveryAction struct{ providerData }

type postCopyRecoveryModel struct {
	VM types.String `tfsdk:"vm"`
}

func (a *postCopyRecoveryAction) Metadata(_ context.Context, req action.MetadataRequest,
	resp *action.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_vm_postcopy_recovery"
}

func (a *postCopyRecoveryAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Recovers a VM whose post-copy migration has lost its link (`post-copy failed` in `virsh " +
			"domstate --reason`): each of two hosts then holds a part of its memory, and the VM stands still. The action " +
			"finds both parts, makes sure that they are what libvirt can recover, and sends the rest of the memory in the " +
			"mode and under the policy of the failed move, which the VM's history has. Where anything is not as it should " +
			"be, nothing is done to either part. Where no part is found, and the VM is on one host, there is nothing to do. " +
			"Requires Terraform 1.14 or later, and " + explain.RecoveryNeeds() + ".",
		Attributes: map[string]schema.Attribute{
			"vm": schema.StringAttribute{
				MarkdownDescription: vmDescription,
				Required:            true,
				Validators:          []validator.String{nameValidator{}},
			},
		},
	}
}

func (a *postCopyRecoveryAction) Configure(_ context.Context, req action.ConfigureRequest,
	_ *action.ConfigureResponse,
) {
	a.providerData = dataOf(req.ProviderData)
}

func (a *postCopyRecoveryAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var config postCopyRecoveryModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	say := func(line string) { resp.SendProgress(action.InvokeProgressEvent{Message: line}) }
	record, log := newMoveReport(a.reports), logProgress(ctx)
	recovery := fleet.Recovery{VM: config.VM.ValueString(), Reading: record.reading}
	moved, err := a.fleet.Recover(ctx, recovery, record.watching(func(p fleet.Progress) { say(explain.Line(p)); log(p) }))
	var diags diag.Diagnostics
	if err != nil {
		diags.Append(failed(explain.Recover(err), path.Root("vm")))
	} else {
		diags.Append(warned(explain.Moved(moved)...)...)
		say(explain.Recovered(moved))
		logDone(ctx, moved)
	}
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(record.write(moved, err, diags)...)
}

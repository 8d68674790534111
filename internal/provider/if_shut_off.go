package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// ifShutOffAttribute is what becomes of a VM that is shut off on another host.
func ifShutOffAttribute() schema.StringAttribute {
	var values []string
	for _, v := range fleet.ShutOffValues() {
		values = append(values, string(v))
	}
	return schema.StringAttribute{
		MarkdownDescription: "What becomes of a VM that is shut off on another host than where it is wanted: `error` " +
			"fails; `ignore` leaves it there with a warning, also where it still ran when the plan was made, and the " +
			"first apply that finds it running moves it; " +
			"`move_definition` moves its definition (in libvirt an offline migration, `VIR_MIGRATE_OFFLINE`), with " +
			"autostart, the policy and the metadata of checkpoints, and removes it from its former host. No disk and no " +
			"other file moves: a plan refuses it when the destination does not have a disk or the NVRAM of the VM, and when " +
			"the VM has a managed-save image, snapshots or an emulated TPM. Default: `error`. Changing only this moves nothing.",
		Optional:   true,
		Computed:   true,
		Default:    stringdefault.StaticString(string(fleet.ShutOffError)),
		Validators: []validator.String{oneOf(values...)},
	}
}

// move is the request for the fleet.
func (m liveMigrationModel) move(vm, last string) (fleet.Move, diag.Diagnostics) {
	move, diags := m.openMoveModel.move(vm, last)
	if !m.IfShutOff.IsUnknown() {
		move.IfShutOff = fleet.IfShutOff(m.IfShutOff.ValueString())
	}
	move.Forecast = fleet.Forecasting(m.Forecast.ValueString())
	return move, diags
}

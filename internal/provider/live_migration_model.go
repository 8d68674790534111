package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// The texts that the action and the resource share.
const (
	moveDestinationDescription = "Host to move the VM to: a key of `hosts` in the provider's configuration."
	moveModeDescription        = "What drives the migration: `peer_to_peer` is the source's libvirt, which carries on " +
		"when Terraform is killed; " +
		"`direct` is the provider, for hosts that cannot reach each other's libvirt; `auto` is peer-to-peer where " +
		"that is possible, else direct. Default: `auto`."
)

// moveModel is a move to one host.
type moveModel struct {
	policyModel
	VM          types.String `tfsdk:"vm"`
	Destination types.String `tfsdk:"destination"`
	Mode        types.String `tfsdk:"mode"`
	Changes     types.Object `tfsdk:"destination_changes"`
	Disks       types.Set    `tfsdk:"disks"`
}

// move is the request for the fleet. last is the host where the VM was last
// seen, or empty.
func (m moveModel) move(vm, last string) (fleet.Move, diag.Diagnostics) {
	run := m.toPolicy()
	mode := migration.Auto
	if !m.Mode.IsNull() && !m.Mode.IsUnknown() {
		mode = migration.Mode(m.Mode.ValueString())
	}
	// Values that were unknown in the validation are validated here.
	return fleet.Move{
		VM: vm, Last: last, Destination: m.Destination.ValueString(), Mode: mode, Policy: run, Disks: m.targets(),
		Changes: destinationChanges(m.Changes),
	}, m.validate()
}

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// The texts that the action and the resource share.
const (
	moveDestinationDescription = "Host to move the VM to: a key of `hosts` in the provider's configuration."
	moveModeDescription        = "What drives the migration: `peer_to_peer` is the source's libvirt, which carries on " +
		"when Terraform is killed; " +
		"`direct` is the provider, for hosts that cannot reach each other's libvirt; `auto` is peer-to-peer where " +
		"that is possible, else direct. Default: `auto`."
)

// moveModel is what the action and the resource are asked for.
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

// assess checks the move in the plan: what cannot change before the apply is an
// error, what may change is a warning. A VM that does not exist yet may be created in
// the same apply, unless it is managed: last is the host that it was read on. It returns
// where the VM is, if that was seen, and the findings. The move is checked under the
// policy that is seen coming.
func (m moveModel) assess(
	ctx context.Context, f *fleet.Fleet, seen *foresight, last string, ifShutOff fleet.IfShutOff,
) (fleet.Location, preflight.Assessment, diag.Diagnostics) {
	if f == nil || m.Destination.IsUnknown() {
		return fleet.Location{}, preflight.Assessment{}, nil
	}
	if err := f.Check(m.Destination.ValueString()); err != nil {
		return fleet.Location{}, preflight.Assessment{}, diag.Diagnostics{diagnose("Find Host", err,
			path.Root("destination"))}
	}
	if seen.vm == "" || !fullyKnown(m.Changes) {
		return fleet.Location{}, preflight.Assessment{}, nil
	}
	move, diags := m.move(seen.vm, last)
	if diags.HasError() {
		return fleet.Location{}, preflight.Assessment{}, diags
	}
	move.Foresee, move.Unsettled, move.IfShutOff = seen.at, seen.unsettled, ifShutOff
	location, assessment, err := f.Assess(ctx, move)
	if err != nil {
		const act = "Plan VM Migration"
		var gone *fleet.NotFoundError
		if last != "" && errors.As(err, &gone) { // it was there when it was read: nothing creates it now
			diags.Append(diagnose(act, err, path.Root("vm")))
			return location, assessment, diags
		}
		diags.Append(assessError(f, act, err)...)
		return location, assessment, diags
	}
	diags.Append(locationWarnings(location)...)
	if move.Leaves(location) {
		diags.Append(warnedAt(path.Root("destination"), explain.LeftShutOff(location, move.Destination)))
	}
	if location.Host == move.Destination {
		diags.Append(leavingWarnings(location)...)
	}
	diags.Append(assessmentDiagnostics(location, move.Destination, assessment)...)
	return location, assessment, diags
}

// foretell warns in the plan of a move that is forecast not to end, or that cannot be forecast, where the configuration asks
// for a forecast. It measures the VM, once in a run.
func (m moveModel) foretell(
	ctx context.Context, f *fleet.Fleet, seen *foresight, l fleet.Location, asked types.String,
) diag.Diagnostics {
	if l.Host == "" || seen.policy == nil {
		return nil
	}
	move, diags := m.move(seen.vm, l.Host)
	if diags.HasError() {
		return nil // it was told when the move was checked
	}
	move.Forecast = fleet.Forecasting(asked.ValueString())
	made, err := f.ForecastPlanned(ctx, move, l, *seen.policy)
	switch {
	case err != nil:
		return diag.Diagnostics{diagnose("Plan VM Migration", err, path.Root("vm"))}
	case made == nil:
		return nil
	}
	return warned(explain.Foretold(l, move, *made)...)
}

// fullyKnown tells whether a map or an object is known in all its parts.
func fullyKnown(value attr.Value) bool {
	var parts map[string]attr.Value
	switch v := value.(type) {
	case types.Map:
		parts = v.Elements()
	case types.Object:
		parts = v.Attributes()
	}
	for _, part := range parts {
		if !fullyKnown(part) {
			return false
		}
	}
	return !value.IsUnknown()
}

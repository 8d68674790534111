package provider

import (
	"context"
	"time"

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
	return fleet.Move{VM: vm, Last: last, Destination: m.Destination.ValueString(), Mode: mode, Policy: run}, validatePolicy(run)
}

// assess checks the move in the plan: what cannot change before the apply is an
// error, what may change is a warning. A VM that does not exist yet may be created in
// the same apply. It returns where the VM is, if that was seen, and the findings.
// The move is checked under the policy that is seen coming.
func (m moveModel) assess(
	ctx context.Context, f *fleet.Fleet, seen *foresight, last string, ifShutOff fleet.IfShutOff,
) (fleet.Location, preflight.Assessment, diag.Diagnostics) {
	if f == nil || m.Destination.IsUnknown() {
		return fleet.Location{}, preflight.Assessment{}, nil
	}
	if err := f.Check(m.Destination.ValueString()); err != nil {
		return fleet.Location{}, preflight.Assessment{}, diag.Diagnostics{diagnose("Find Host", err, path.Root("destination"))}
	}
	if seen.vm == "" {
		return fleet.Location{}, preflight.Assessment{}, nil
	}
	move, diags := m.move(seen.vm, last)
	if diags.HasError() {
		return fleet.Location{}, preflight.Assessment{}, diags
	}
	move.Foresee, move.Unsettled, move.IfShutOff = seen.at, seen.unsettled, ifShutOff
	location, assessment, err := f.Assess(ctx, move)
	if err != nil {
		diags.Append(assessError(f, "Plan Virtual Machine Migration", err)...)
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

// lastMigrationTypes are the types of the members of last_migration.
func lastMigrationTypes() map[string]attr.Type { return typesOf(lastMigrationAttribute().Attributes) }

// lastMigrationObject is the report of a move; last, the move before it, when nothing
// was moved.
func lastMigrationObject(r migration.Report, last types.Object) types.Object {
	if !r.Moved {
		return last
	}
	mode := types.StringNull()
	if r.Mode != "" {
		mode = types.StringValue(string(r.Mode))
	}
	downtime := types.Int64Null()
	if r.Downtime != nil {
		downtime = types.Int64Value(r.Downtime.Milliseconds())
	}
	// Of a move of a definition no more is known, and no policy has a part in it.
	figure, phase := types.Int64Value, types.StringValue(string(r.Phase))
	policy, origins := types.ObjectNull(effectiveTypes()), types.MapNull(types.StringType)
	if r.Definition {
		figure, phase = func(int64) types.Int64 { return types.Int64Null() }, types.StringNull()
	} else {
		policy, origins = effectiveObject(r.Policy), originsMap(r.Policy)
	}
	return types.ObjectValueMust(lastMigrationTypes(), map[string]attr.Value{
		"source":                   types.StringValue(r.Source),
		"destination":              types.StringValue(r.Destination),
		"started_at":               types.StringValue(r.StartedAt.UTC().Format(time.RFC3339)),
		"duration_ms":              types.Int64Value(r.Duration.Milliseconds()),
		"downtime_ms":              downtime,
		"memory_total_bytes":       figure(int64(r.MemoryTotal)),
		"memory_transferred_bytes": figure(int64(r.MemoryTransferred)),
		"iterations":               figure(int64(r.Iterations)),
		"throttle":                 types.Int64PointerValue(r.Throttle),
		"compression_pages":        types.Int64PointerValue(r.CompressionPages),
		"compression_cache_misses": types.Int64PointerValue(r.CompressionCacheMisses),
		"mode":                     mode,
		"phase":                    phase,
		"policy":                   policy,
		"origins":                  origins,
	})
}

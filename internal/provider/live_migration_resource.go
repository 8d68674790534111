package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

var (
	_ resource.ResourceWithConfigure      = (*liveMigrationResource)(nil)
	_ resource.ResourceWithIdentity       = (*liveMigrationResource)(nil)
	_ resource.ResourceWithImportState    = (*liveMigrationResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*liveMigrationResource)(nil)
	_ resource.ResourceWithValidateConfig = (*liveMigrationResource)(nil)
)

func newLiveMigrationResource() resource.Resource {
	return &liveMigrationResource{resourceBase{
		typeName: "vm_live_migration",
		object:   "VM Placement",
		identity: vmIdentity,
	}}
}

// liveMigrationResource is the desired host of a running VM.
type liveMigrationResource struct{ resourceBase }

type liveMigrationModel struct {
	openMoveModel
	ID            types.String `tfsdk:"id"`
	UUID          types.String `tfsdk:"uuid"`
	Source        types.String `tfsdk:"source"`
	IfShutOff     types.String `tfsdk:"if_shut_off"`
	Forecast      types.String `tfsdk:"forecast"`
	PolicyDigest  types.String `tfsdk:"policy_digest"`
	LastMigration types.Object `tfsdk:"last_migration"`
}

func (r *liveMigrationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Declares the host that a running VM should be on. A VM found on another host, however " +
			"it came there, is live-migrated under its effective policy. Destroying the resource leaves the VM where it is.",
		Attributes: levelAttributes(policy.OriginRun, map[string]schema.Attribute{
			"vm": vmAttribute(),
			"destination": schema.StringAttribute{
				MarkdownDescription: openDestinationDescription + " After a refresh: the host that the VM is on. Where it is " +
					"chosen, it is unknown in the plan of a move, and a warning of the plan names the host that would be " +
					"chosen then.",
				Optional:   true,
				Computed:   true,
				Validators: []validator.String{nameValidator{}},
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
				MarkdownDescription: moveModeDescription + " Changing only this moves nothing.",
				Optional:            true,
				Computed:            true,
				Default:             stringdefault.StaticString(string(migration.Auto)),
				Validators:          []validator.String{oneOf(migration.Modes()...)},
			},
			"disks": schema.SetAttribute{
				MarkdownDescription: disksDescription + " Changing only this moves nothing.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          []validator.Set{targetsValidator{}},
			},
			"if_shut_off": ifShutOffAttribute(),
			"forecast":    forecastAttribute(),
			"id":          uuidAttribute("UUID of the VM, the same as `uuid`."),
			"uuid":        uuidAttribute("UUID of the VM."),
			"source": schema.StringAttribute{
				MarkdownDescription: "Host that the last change of `destination` moves the VM from; known in the " +
					"plan of the move. " +
					"If the VM is moved, or can no longer be seen, between the plan that creates the resource and " +
					"its apply, Terraform refuses the plan and moves nothing: plan again. " +
					"Null when the VM was on its destination already, or was imported.",
				Computed: true,
			},
			"policy_digest": schema.StringAttribute{
				MarkdownDescription: "SHA-256 digest, in hexadecimal, of the effective policy that the plan of the last move saw " +
					"coming: of what the records said then, and of what policy resources in the same plan make of them. The move " +
					"starts under no other policy: it waits up to 30 s for policies that are being written in the same apply, and " +
					"is refused if they come to something else. Unknown in the plan where that policy is not known yet. Null when " +
					"the VM was on its destination already, or was imported. Changes only with `destination`.",
				Computed: true,
			},
			"last_migration": lastMigrationAttribute(),
		}),
		Blocks: resourceChanges(),
	}
}

func (r *liveMigrationResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config liveMigrationModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

// ModifyPlan plans a move only when the VM is on no host that it may be on, and checks it.
func (r *liveMigrationResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	if req.Plan.Raw.IsNull() {
		return
	}
	plan, diags := asked(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		r.changes.MoveBegins(plan.VM.ValueString())
		move, diags := r.planCreate(ctx, plan)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(move.set(ctx, resp)...)
		return
	}
	var state liveMigrationModel
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	r.changes.MoveBegins(state.UUID.ValueString())
	another, diags := isAnotherVM(ctx, r.fleet, plan.VM, state.VM, state.UUID)
	resp.Diagnostics.Append(diags...)
	if another {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("vm"))
		for _, name := range []string{"id", "uuid"} {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(name), types.StringUnknown())...)
		}
		resp.Diagnostics.Append(planMove(ctx, plan, resp)...)
		move, diags := r.planCreate(ctx, plan)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(move.set(ctx, resp)...)
		return
	}
	among, diags := r.candidates(ctx, plan.openMoveModel, instance.Settle)
	resp.Diagnostics.Append(diags...)
	move := plannedMove{state.Source, state.PolicyDigest}
	if plan.Destination.Equal(state.Destination) || plan.chosen() && among.has(state.Destination) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("destination"), state.Destination)...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("last_migration"), state.LastMigration)...)
		resp.Diagnostics.Append(plan.want(r.fleet, state.UUID.ValueString())...)
	} else {
		if warning := r.cordoned(ctx, plan, state); warning != nil && planNothing(ctx, state, req, resp) {
			resp.Diagnostics.Append(warning)
			return
		}
		var checked checkedMove
		move, checked = r.planUpdate(ctx, plan, state, among)
		stays := (checked.left || checked.closed()) && r.instances.HasRead(state.UUID.ValueString())
		nothing := stays && planNothing(ctx, state, req, resp)
		if nothing && checked.closed() {
			resp.Diagnostics.Append(warnedAt(plan.at(), explain.DestinationsCordoned(checked.nowhere)))
			return
		}
		resp.Diagnostics.Append(checked.diags...)
		if nothing {
			return
		}
		resp.Diagnostics.Append(planMove(ctx, plan, resp)...)
	}
	resp.Diagnostics.Append(move.set(ctx, resp)...)
}

// cordoned warns of a VM that is wanted on a host which is cordoned: it comes there once the host is open. It is nil
// for an apply that has not read the VM: nothing may change then of what its plan has shown, and the move is refused.
func (r *liveMigrationResource) cordoned(ctx context.Context, plan, state liveMigrationModel) diag.Diagnostic {
	if r.fleet == nil || plan.chosen() || plan.Destination.IsUnknown() || !r.instances.HasRead(state.UUID.ValueString()) {
		return nil
	}
	record, err := r.fleet.Cordon(ctx, plan.Destination.ValueString())
	if err != nil || !record.Cordoned {
		return nil
	}
	return warnedAt(path.Root("destination"), explain.DestinationCordoned(
		plan.VM.ValueString(), state.Destination.ValueString(), plan.Destination.ValueString(), record))
}

// asked is what a configuration asks for: Terraform completes a destination that it leaves open
// from state.
func asked(ctx context.Context, planned tfsdk.Plan, config tfsdk.Config) (liveMigrationModel, diag.Diagnostics) {
	var plan, configured liveMigrationModel
	diags := getModel(ctx, planned, &plan)
	diags.Append(getModel(ctx, config, &configured)...)
	plan.Destination = configured.Destination
	return plan, diags
}

// planMove plans what only a move makes known.
func planMove(ctx context.Context, plan liveMigrationModel, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	diags := resp.Plan.SetAttribute(ctx, path.Root("last_migration"), types.ObjectUnknown(lastMigrationTypes()))
	if plan.chosen() {
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("destination"), types.StringUnknown())...)
	}
	return diags
}

// planNothing plans no change of a VM that is shut off and stays where it is; false where
// something else changes. Only then, and only in a run that has read the VM, is it certain
// that this is not the apply of a plan that has found it running: nothing may change then
// of what that plan has shown, and the apply leaves the VM where it is.
func planNothing(
	ctx context.Context, state liveMigrationModel, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) bool {
	plan := resp.Plan
	diags := plan.SetAttribute(ctx, path.Root("destination"), state.Destination) // Terraform takes that for no change
	diags.Append(plan.SetAttribute(ctx, path.Root("last_migration"), state.LastMigration)...)
	diags.Append(plan.SetAttribute(ctx, path.Root("source"), state.Source)...)
	diags.Append(plan.SetAttribute(ctx, path.Root("policy_digest"), state.PolicyDigest)...)
	if diags.HasError() || !plan.Raw.Equal(req.State.Raw) {
		return false
	}
	resp.Plan = plan
	return true
}

func (r *liveMigrationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan, diags := asked(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	moved, diags := r.move(ctx, plan, plan.VM.ValueString(), "")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.UUID = types.StringValue(moved.Location.Domain.UUID)
	plan.ID = plan.UUID
	if plan.Source.IsUnknown() {
		plan.Source = types.StringNull()
		if moved.Report.Moved {
			plan.Source = types.StringValue(moved.Report.Source)
		}
	}
	plan.PolicyDigest = digestOf(plan.PolicyDigest, moved.Report, types.StringNull())
	plan.LastMigration = lastMigrationObject(moved.Report, moved.Entry, types.ObjectNull(lastMigrationTypes()))
	resp.Diagnostics.Append(placedOn(ctx, r.fleet, placeOf(moved), resp.Private)...)
	plan.settle(moved)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.UUID)...)
}

// placeOf is the host that a VM is on after a move.
func placeOf(moved fleet.Moved) string {
	if moved.LeftShutOff {
		return moved.Location.Host
	}
	return moved.Report.Destination
}

// settle completes a destination that was chosen.
func (m *liveMigrationModel) settle(moved fleet.Moved) {
	if m.chosen() {
		m.Destination = types.StringValue(placeOf(moved))
	}
}

// placedOn remembers the host that the VM is on.
func placedOn(ctx context.Context, f *fleet.Fleet, name string, private instance.PrivateWriter) diag.Diagnostics {
	return instance.Memory{}.On(ctx, f, name).Save(ctx, private)
}

// calledNow is the present label of the host that the VM was last seen on; destination
// is its label in state. It is empty where the host has left the configuration. The
// search for the VM reports hosts that cannot be asked.
func (r *liveMigrationResource) calledNow(
	ctx context.Context, remembered instance.Memory, destination string,
) (string, diag.Diagnostics) {
	if len(remembered.Hosts) != 1 || remembered.Hosts[0].Name != destination {
		return destination, nil
	}
	now, renamed, gone, err := r.fleet.Recognise(ctx, remembered.Hosts[0])
	switch {
	case err != nil:
		return destination, nil
	case gone:
		return "", nil
	case renamed != nil:
		return now.Name, renamedWarning(r.instances, []fleet.Renaming{*renamed})
	default:
		return now.Name, nil
	}
}

// Read writes where the VM really is into destination, so that a VM that was
// moved by other means shows as a change.
func (r *liveMigrationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state liveMigrationModel
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.UUID)...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	r.changes.MoveBegins(state.UUID.ValueString())
	r.instances.Reads(state.UUID.ValueString())
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	last, diags := r.calledNow(ctx, remembered, state.Destination.ValueString())
	resp.Diagnostics.Append(diags...)
	location, err := r.fleet.FindUUID(ctx, state.UUID.ValueString(), last)
	diags, gone := readDiagnostics(ctx, r.fleet, "Read "+r.object, err,
		managedVM{state.VM.ValueString(), state.UUID.ValueString(), remembered})
	resp.Diagnostics.Append(diags...)
	switch {
	case gone:
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		return
	}
	resp.Diagnostics.Append(locationWarnings(location)...)
	resp.Diagnostics.Append(leavingWarnings(location)...)
	if location.Host != last && location.Domain.Active() {
		resp.Diagnostics.Append(r.movedUnwatched(ctx, state.Destination.ValueString(), location)...)
	}
	state.Destination = types.StringValue(location.Host)
	state.VM, diags = nameInState(ctx, r.fleet, state.VM, location.Domain)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(placedOn(ctx, r.fleet, location.Host, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &state)...)
}

// movedUnwatched warns of a VM that is on another host than in state where a run that was
// killed has left its migration to libvirt. What others move is no more than a change.
func (r *liveMigrationResource) movedUnwatched(ctx context.Context, from string, l fleet.Location) diag.Diagnostics {
	entry := r.fleet.OpenEntry(ctx, l)
	if entry == nil {
		return nil
	}
	report, err := r.fleet.Arrival(ctx, l)
	if err != nil {
		report = migration.Report{Subject: migration.Subject{Destination: l.Host}, State: l.Domain.State}
	}
	return warned(explain.MovedUnwatched(from, l, *entry, report))
}

func (r *liveMigrationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state liveMigrationModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	goal, diags := asked(ctx, req.Plan, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(checkSameVM(ctx, r.fleet, "Update "+r.object, plan.VM, state.VM, state.UUID)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Destination.Equal(state.Destination) {
		moved, diags := r.move(ctx, goal, state.UUID.ValueString(), state.Destination.ValueString())
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		goal.settle(moved)
		plan.Destination = goal.Destination
		if plan.Source.IsUnknown() {
			plan.Source = state.Source
			if moved.Report.Moved {
				plan.Source = types.StringValue(moved.Report.Source)
			}
		}
		plan.PolicyDigest = digestOf(plan.PolicyDigest, moved.Report, state.PolicyDigest)
		plan.LastMigration = lastMigrationObject(moved.Report, moved.Entry, state.LastMigration)
		resp.Diagnostics.Append(placedOn(ctx, r.fleet, placeOf(moved), resp.Private)...)
	}
	resp.Diagnostics.Append(setState(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.UUID)...)
}

// Delete forgets the desired host; the VM stays where it is.
func (r *liveMigrationResource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {
}

func (r *liveMigrationResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	vm, diags := r.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	location, err := r.fleet.Find(ctx, vm, "")
	if err != nil {
		resp.Diagnostics.Append(diagnose("Import "+r.object, err))
		return
	}
	model := placementOf(calledInState(ctx, r.fleet, req.ID, location.Domain), location)
	resp.Diagnostics.Append(placedOn(ctx, r.fleet, location.Host, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, model)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, model.UUID)...)
}

// placementOf is the resource of a VM that nobody has moved, called so in the configuration.
func placementOf(called types.String, l fleet.Location) *liveMigrationModel {
	return &liveMigrationModel{
		openMoveModel: openMoveModel{
			moveModel: moveModel{
				VM: called, Destination: types.StringValue(l.Host), Mode: types.StringValue(string(migration.Auto)),
				Disks:   types.SetNull(types.StringType),
				Changes: noChanges(),
			},
			Destinations: types.SetNull(types.StringType),
		},
		IfShutOff:     types.StringValue(string(fleet.ShutOffError)),
		Forecast:      types.StringValue(string(fleet.ForecastOff)),
		ID:            types.StringValue(l.Domain.UUID),
		UUID:          types.StringValue(l.Domain.UUID),
		LastMigration: types.ObjectNull(lastMigrationTypes()),
	}
}

// move moves the VM to the planned destination. A resource can show progress only in
// Terraform's log.
func (r *liveMigrationResource) move(
	ctx context.Context, plan liveMigrationModel, vm, last string,
) (fleet.Moved, diag.Diagnostics) {
	move, diags := plan.move(vm, last)
	if diags.HasError() {
		return fleet.Moved{}, diags
	}
	move.UUID = plan.UUID.ValueString() // empty while it is created
	move.PolicyDigest = plan.PolicyDigest.ValueString()
	record := newMoveReport(r.reports)
	move.Reading = record.reading
	moved, err := r.moveUnderPlanned(ctx, vm, move, policyWait, record.watching(logProgress(ctx)))
	switch refused := r.otherPolicy(vm, err); {
	case refused != nil:
		diags.Append(refused)
	case err != nil:
		diags.Append(diagnoseMove(err, plan.openMoveModel))
	default:
		logDone(ctx, moved)
		diags.Append(warned(explain.Moved(moved)...)...)
	}
	diags.Append(record.write(moved, err, diags)...)
	if moved.OpenEntry != nil {
		diags.Append(warned(explain.ThereUnwatched(moved))...)
	}
	return moved, diags
}

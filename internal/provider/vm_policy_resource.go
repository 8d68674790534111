package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

var (
	_ resource.ResourceWithConfigure      = (*vmPolicyResource)(nil)
	_ resource.ResourceWithIdentity       = (*vmPolicyResource)(nil)
	_ resource.ResourceWithImportState    = (*vmPolicyResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*vmPolicyResource)(nil)
	_ resource.ResourceWithValidateConfig = (*vmPolicyResource)(nil)
)

func newVMPolicyResource() resource.Resource {
	return &vmPolicyResource{resourceBase{
		typeName: "vm_migration_policy",
		object:   "VM Migration Policy",
		identity: vmIdentity,
	}}
}

// vmPolicyResource is the policy of one VM, in the metadata of its domain, so that it
// travels with the VM.
type vmPolicyResource struct{ resourceBase }

func (r *vmPolicyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Live-migration policy of one VM. Each field that is left out inherits from the cluster " +
			"of the host that the VM is on, else from the global settings. The record is kept in the metadata of the " +
			"libvirt domain and travels with the VM.",
		Attributes: levelAttributes(policy.OriginVM, map[string]schema.Attribute{
			"vm":           vmAttribute(),
			"id":           uuidAttribute("UUID of the VM, the same as `uuid`."),
			"uuid":         uuidAttribute("UUID of the VM."),
			"owner":        ownerAttribute(),
			"replaces":     replacesAttribute(),
			"drift":        driftAttribute("copy (`live`, `config`)"),
			"unseen_hosts": unseenHostsAttribute(),
		}),
	}
}

func (r *vmPolicyResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	}
}

// ModifyPlan plans no drift, which makes any drift an update in place, and a
// replacement where "vm" means another VM.
func (r *vmPolicyResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	// What cannot be read is reported by plan.
	var state, plan vmPolicyModel
	began := state.record
	if req.State.Raw.IsNull() {
		_ = getModel(ctx, req.Plan, &plan)
		began = plan.record
	} else {
		_ = getModel(ctx, req.State, &state)
	}
	r.changes.Begins(began())
	r.plan(ctx, req, resp)
	r.endPlan(began(), req, resp, func() []instance.Change {
		if req.Plan.Raw.IsNull() || len(resp.RequiresReplace) > 0 { // a replacement is planned next
			return []instance.Change{state.removal()}
		}
		resp.Diagnostics.Append(getModel(ctx, resp.Plan, &plan)...)
		return []instance.Change{plan.change()}
	})
}

func (r *vmPolicyResource) plan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	own, diags := r.notePlan(ctx, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan, &plan)...)
	resp.Diagnostics.Append(validatePolicy(plan.toPolicy())...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Drift = driftMap(nil)
	if req.State.Raw.IsNull() {
		plan.UnseenHosts = unseenHosts(nil)
		remembered, _ := instance.Recall(ctx, req.Private)
		plan.Replaces, diags = r.planCreate(ctx, own, remembered, plan)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(setPlan(ctx, &resp.Plan, &plan)...)
		if !resp.Diagnostics.HasError() {
			resp.Diagnostics.Append(r.preview(ctx, plan, "")...)
		}
		return
	}
	var state vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.Replaces = state.Replaces
	another, diags := isAnotherVM(ctx, r.fleet, plan.VM, state.VM, state.UUID)
	resp.Diagnostics.Append(diags...)
	if another {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("vm"))
		plan.ID, plan.UUID = types.StringUnknown(), types.StringUnknown()
		plan.Owner, plan.Replaces = types.StringUnknown(), types.StringUnknown()
	} else {
		resp.Diagnostics.Append(r.claimVM(remembered, state.UUID.ValueString(), plan.VM.ValueString())...)
	}
	resp.Diagnostics.Append(setPlan(ctx, &resp.Plan, &plan)...)
	planOwner(ctx, req, resp)
	resp.Diagnostics.Append(r.preview(ctx, plan, r.home(ctx, remembered))...)
}

// planCreate refuses in the plan to create over a record that differs or cannot be read,
// and a VM that another resource has a policy for. A VM that does not exist yet may be
// created by the same apply.
func (r *vmPolicyResource) planCreate(
	ctx context.Context, own string, remembered instance.Memory, plan vmPolicyModel,
) (types.String, diag.Diagnostics) {
	if r.fleet == nil || plan.VM.IsUnknown() {
		return types.StringUnknown(), nil
	}
	vm := plan.VM.ValueString()
	location, err := r.fleet.FindRecent(ctx, vm, "")
	var notFound *fleet.NotFoundError
	switch {
	case errors.As(err, &notFound):
		return types.StringUnknown(), r.claimVM(remembered, vm, vm)
	case err != nil:
		return types.StringUnknown(), nil // the preview reports it
	}
	diags := r.claimVM(remembered, location.Domain.UUID, vm)
	if diags.HasError() || !plan.known() {
		return types.StringUnknown(), diags
	}
	inspect := func(d fleet.Declaration) error { return r.fleet.InspectVM(ctx, location, d) }
	replaces, others, err := r.planReplaces(ctx, location.Domain.UUID, own, plan.declaration(), inspect)
	diags.Append(others...)
	var exists *fleet.ExistsError
	if errors.As(err, &exists) || fleet.Unreadable(err) {
		diags.Append(diagnose("Create "+r.object, err, path.Root("vm")))
	}
	return replaces, diags
}

func (r *vmPolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	written := r.changes.Writes(plan.record())
	defer func() { written(!resp.Diagnostics.HasError()) }()
	remembered := r.declaring(instance.Memory{})
	declaration := remembered.Claim(plan.declaration())
	declaration.Replaces = plan.Replaces.ValueString()
	created, err := r.fleet.CreateVM(ctx, plan.VM.ValueString(), declaration)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Create "+r.object, err, path.Root("vm")))
		return
	}
	plan.Replaces = asKnown(plan.Replaces)
	resp.Diagnostics.Append(r.written(ctx, &plan, remembered, created, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.UUID)...)
}

// written completes the model after a write, and saves what was written where.
func (r *vmPolicyResource) written(
	ctx context.Context, m *vmPolicyModel, remembered instance.Memory, changed fleet.ChangedVM,
	private instance.PrivateWriter,
) diag.Diagnostics {
	m.UUID = types.StringValue(changed.Record.Location.Domain.UUID)
	m.ID, m.Drift = m.UUID, driftMap(nil)
	m.Owner = types.StringValue(remembered.Owner)
	diags := takenWarning(r.object, changed.Taken)
	remembered, renamed := remembered.Found(ctx, r.fleet, changed.Record, remembered.Claim(m.declaration()))
	diags.Append(renamedWarning(r.instances, renamed)...)
	diags.Append(remembered.Save(ctx, private)...)
	return diags
}

func (r *vmPolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.UUID)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	defer r.beginRead(state.record(), resp)()
	r.instances.Reads(remembered.Owner)
	record, err := r.fleet.ReadVMByUUID(ctx, state.UUID.ValueString(), r.home(ctx, remembered))
	diags, gone := readDiagnostics(ctx, r.fleet, "Read "+r.object, err,
		managedVM{state.VM.ValueString(), state.UUID.ValueString(), remembered})
	resp.Diagnostics.Append(diags...)
	switch {
	case gone:
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		// What state says is kept, and so is whom it could not ask.
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("unseen_hosts"), unseenHosts(unseenOf(err)))...)
		return
	case record.Gone():
		resp.Diagnostics.Append(warned(explain.VMRecordMissing(r.object, record.Location))...)
		resp.State.RemoveResource(ctx)
		return
	}
	state.UnseenHosts = unseenHosts(record.Location.Unseen)
	declaration := remembered.Claim(state.declaration())
	if other := record.Redeclared(declaration); other != nil {
		state.Drift = driftMap(nil)
		resp.Diagnostics.Append(warned(explain.DeclaredElsewhere(r.object, *other))...)
	} else {
		drift := state.refresh(record)
		if len(drift) > 0 {
			resp.Diagnostics.Append(warned(explain.VMOutOfSync(r.object, record, drift))...)
		}
	}
	state.VM, diags = nameInState(ctx, r.fleet, state.VM, record.Location.Domain)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(warned(explain.UnknownMembers(r.object, record.Unknown())...)...)
	resp.Diagnostics.Append(locationWarnings(record.Location)...)
	remembered, renamed := remembered.Found(ctx, r.fleet, record, declaration)
	resp.Diagnostics.Append(renamedWarning(r.instances, renamed)...)
	resp.Diagnostics.Append(remembered.Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &state)...)
}

func (r *vmPolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.Plan, &plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(checkSameVM(ctx, r.fleet, "Update "+r.object, plan.VM, state.VM, state.UUID)...)
	if resp.Diagnostics.HasError() {
		return
	}
	written := r.changes.Writes(plan.record())
	defer func() { written(!resp.Diagnostics.HasError()) }()
	remembered = r.declaring(remembered)
	updated, err := r.fleet.UpdateVM(ctx, state.UUID.ValueString(), r.home(ctx, remembered),
		remembered.Claim(plan.declaration()))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Update "+r.object, err))
		return
	}
	resp.Diagnostics.Append(r.written(ctx, &plan, remembered, updated, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.UUID)...)
}

// home is the present label of the host on which the VM was last seen, while other
// hosts keep definitions of it; else empty.
func (r *vmPolicyResource) home(ctx context.Context, remembered instance.Memory) string {
	if remembered.Home == nil {
		return ""
	}
	now, _, _, err := r.fleet.Recognise(ctx, *remembered.Home)
	if err != nil {
		return "" // the search for the VM reports it
	}
	return now.Name
}

// Delete removes the record. A VM that is on none of the hosts has taken its record
// with it, unless its host has left the configuration.
func (r *vmPolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state vmPolicyModel
	resp.Diagnostics.Append(getModel(ctx, req.State, &state)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered = remembered.Completed(ctx, r.fleet, state.Owner.ValueString(), nil)
	declaration := remembered.Claim(state.declaration())
	done, gone := r.instances.Removes(state.UUID.ValueString(), remembered.Owner), r.changes.Removes(state.removal())
	removed, left, err := r.fleet.DeleteVM(ctx, state.UUID.ValueString(), r.home(ctx, remembered), declaration)
	done(removed)
	gone(err == nil && left == nil)
	var notFound *fleet.NotFoundError
	switch {
	case errors.As(err, &notFound):
		resp.Diagnostics.Append(warned(explain.LeftOnFormerHosts(r.object, remembered.Lost(ctx, r.fleet))...)...)
	case err != nil:
		resp.Diagnostics.Append(diagnose("Delete "+r.object, err))
	case left != nil:
		resp.Diagnostics.Append(leftWarning(r.instances, r.object, []fleet.Copy{*left})...)
	}
}

func (r *vmPolicyResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	vm, diags := r.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	record, err := r.fleet.ReadVM(ctx, vm, "")
	if err != nil {
		resp.Diagnostics.Append(diagnose("Import "+r.object, err))
		return
	}
	taken, err := record.Telling()
	if err != nil {
		resp.Diagnostics.Append(diagnose("Import "+r.object, err))
		return
	}
	model := vmPolicyModel{
		policyModel: policyModelOf(taken.Policy),
		VM:          calledInState(ctx, r.fleet, req.ID, record.Location.Domain),
		UUID:        types.StringValue(record.Location.Domain.UUID),
		ID:          types.StringValue(record.Location.Domain.UUID),
		Drift:       driftMap(record.Drift(taken.Policy)),
		Owner:       textOrNull(taken.Owner),
		UnseenHosts: unseenHosts(record.Location.Unseen),
	}
	remembered := instance.Importing(taken.Owner)
	remembered, renamed := remembered.Found(ctx, r.fleet, record,
		fleet.Declaration{Policy: taken.Policy, Owner: taken.Owner})
	resp.Diagnostics.Append(renamedWarning(r.instances, renamed)...)
	resp.Diagnostics.Append(remembered.Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, &model)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, model.UUID)...)
}

// preview warns in the plan of what the apply will refuse, and of contradictions
// between this VM's policy and the levels above it. These are no errors here: records
// may be changing in the same apply. Neither is a VM that does not exist: it may be
// about to be created.
func (r *vmPolicyResource) preview(ctx context.Context, plan vmPolicyModel, last string) diag.Diagnostics {
	vm := plan.UUID
	if vm.IsUnknown() || vm.IsNull() {
		vm = plan.VM
	}
	if r.fleet == nil || vm.IsUnknown() {
		return nil
	}
	resolution, err := r.fleet.Preview(ctx, vm.ValueString(), last, plan.toPolicy())
	if err != nil {
		return assessError(r.fleet, "Plan "+r.object, err)
	}
	return conflictWarnings(resolution.Policy.Conflicts())
}

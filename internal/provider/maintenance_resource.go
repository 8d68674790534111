package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var (
	_ resource.ResourceWithConfigure      = (*maintenanceResource)(nil)
	_ resource.ResourceWithIdentity       = (*maintenanceResource)(nil)
	_ resource.ResourceWithImportState    = (*maintenanceResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*maintenanceResource)(nil)
	_ resource.ResourceWithValidateConfig = (*maintenanceResource)(nil)
)

func newMaintenanceResource() resource.Resource {
	return &maintenanceResource{resourceBase{
		typeName: "host_maintenance",
		object:   "Host Maintenance",
		identity: identity{
			attribute: "host", mutable: true,
			description: "Host: a key of `hosts` in the provider's configuration.",
		},
	}}
}

// maintenanceResource is a host that takes no VMs and has none that run, as long as the resource exists.
type maintenanceResource struct{ resourceBase }

type maintenanceModel struct {
	evacuationModel
	ID        types.String `tfsdk:"id"`
	Reason    types.String `tfsdk:"reason"`
	Evacuate  types.Bool   `tfsdk:"evacuate"`
	Restore   types.Bool   `tfsdk:"restore"`
	Cordoned  types.Bool   `tfsdk:"cordoned"`
	Evacuated types.Map    `tfsdk:"evacuated"`
	Stopped   types.Map    `tfsdk:"stopped"`
	Remaining types.Set    `tfsdk:"remaining"`
}

func (r *maintenanceResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Maintenance of a host. Creating it cordons the host, so that no move of any run chooses it " +
			"as destination, and empties it: each VM that runs there moves to the host that takes it best, or is shut down, " +
			"saved or left, as the field `evacuation` of its policy says. VMs of one `anti_affinity_group` never meet. " +
			"Destroying it opens the host and brings back what it has taken away, by the VMs' own histories.\n\n" +
			"A warning of the plan says what becomes of each VM before anything moves. The cordon and the evacuation are kept " +
			"on the host: an apply that fails or is killed leaves nothing in state, and the next one goes on where it ended. " +
			"A VM that has started on the host since, by hand, shows as an update that moves it, too.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{MarkdownDescription: "Host UUID.", Computed: true},
			"host": schema.StringAttribute{
				MarkdownDescription: evacuatedHostDescription + " Another label of the same host changes nothing; another host " +
					"is a replacement.",
				Required:   true,
				Validators: []validator.String{nameValidator{}},
			},
			"destinations": schema.SetAttribute{
				MarkdownDescription: evacuationAmong, ElementType: types.StringType, Optional: true,
				Validators: hostSetValidators(),
			},
			"cluster": schema.StringAttribute{
				MarkdownDescription: evacuationCluster, Optional: true, Validators: []validator.String{nameValidator{255}},
			},
			"reason": schema.StringAttribute{
				MarkdownDescription: "Why, in words for whoever meets the cordon.",
				Optional:            true,
				Validators:          []validator.String{nameValidator{255}},
			},
			"evacuate": schema.BoolAttribute{
				MarkdownDescription: "Whether the host is emptied. With `false` it is only cordoned. Default: `true`.",
				Optional:            true, Computed: true, Default: booldefault.StaticBool(true),
			},
			"restore": schema.BoolAttribute{
				MarkdownDescription: "Whether a destroy brings the VMs back: those that were moved, where nobody has moved them " +
					"on since, and those that were shut down or saved. What it is when the resource is destroyed has to be in " +
					"state: apply a change before. Default: `true`.",
				Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			},
			"on_failure": schema.StringAttribute{
				MarkdownDescription: onFailureText,
				Optional:            true, Computed: true, Default: stringdefault.StaticString(string(stopOnFailure)),
				Validators: []validator.String{oneOf(onFailures()...)},
			},
			"cordoned": schema.BoolAttribute{
				MarkdownDescription: "Whether the host is cordoned: `true`, unless somebody has opened it; the next apply " +
					"cordons it again.",
				Computed: true,
			},
			"evacuated": schema.MapAttribute{
				MarkdownDescription: "VMs that were moved: a map from the UUID of each to the host that it was moved to.",
				ElementType:         types.StringType, Computed: true,
			},
			"stopped": schema.MapAttribute{
				MarkdownDescription: "VMs that were stopped: a map from the UUID of each to `shut_down` or `managed_save`.",
				ElementType:         types.StringType, Computed: true,
			},
			"remaining": schema.SetAttribute{
				MarkdownDescription: "UUIDs of the VMs that run on the host: those whose policy lets them stay, and those that " +
					"could not leave.",
				ElementType: types.StringType, Computed: true,
			},
		},
	}
}

func (r *maintenanceResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config maintenanceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

// ModifyPlan says what becomes of each VM. Where the resource exists, it plans an update only where something would
// be done.
func (r *maintenanceResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	var plan, state maintenanceModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(r.planReturn(ctx, state)...)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	creating := req.State.Raw.IsNull()
	if r.fleet != nil && !plan.Host.IsUnknown() {
		r.fleet.Maintain(plan.Host.ValueString())
	}
	planned, ok, diags := plan.plan(ctx, r.fleet, plan.evacuation())
	resp.Diagnostics.Append(diags...)
	if ok && !creating && planned.Host.UUID != state.ID.ValueString() {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root("host"))
		resp.Diagnostics.Append(r.planReturn(ctx, state)...)
		creating = true
	}
	plan.ID, plan.Cordoned = state.ID, types.BoolValue(true)
	plan.Evacuated, plan.Stopped, plan.Remaining = state.Evacuated, state.Stopped, state.Remaining
	// Any update empties the host again. Terraform plans once more in the apply, when there may be less to do than here:
	// then what is unknown in the plan may become known, but nothing else may change.
	changes := creating || ok && planned.Leaves() || !plan.equal(state)
	if ok && changes && plan.Evacuate.ValueBool() {
		resp.Diagnostics.Append(warnedAt(path.Root("host"), explain.WouldLeave(planned)))
	}
	if ok && creating && planned.Cordoned {
		resp.Diagnostics.Append(warnedAt(path.Root("host"), explain.CordonedAlready(planned)))
	}
	if creating {
		plan.ID = types.StringUnknown()
		if ok {
			plan.ID = types.StringValue(planned.Host.UUID)
		}
	}
	if changes {
		plan.Evacuated, plan.Stopped = types.MapUnknown(types.StringType), types.MapUnknown(types.StringType)
		plan.Remaining = types.SetUnknown(types.StringType)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// equal tells whether a plan changes nothing that is in state.
func (m maintenanceModel) equal(state maintenanceModel) bool {
	return m.Host.Equal(state.Host) && m.Destinations.Equal(state.Destinations) && m.Cluster.Equal(state.Cluster) &&
		m.OnFailure.Equal(state.OnFailure) && m.Reason.Equal(state.Reason) && m.Evacuate.Equal(state.Evacuate) &&
		m.Restore.Equal(state.Restore) && m.Cordoned.Equal(state.Cordoned)
}

// evacuation is the request for the fleet.
func (m maintenanceModel) evacuation() fleet.Evacuation {
	e := m.evacuationModel.evacuation()
	e.Cordon, e.Leave, e.Why = true, !m.Evacuate.ValueBool(), m.Reason.ValueString()
	return e
}

func (r *maintenanceResource) planReturn(ctx context.Context, state maintenanceModel) diag.Diagnostics {
	if r.fleet == nil {
		return nil
	}
	now, gone, _, err := r.called(ctx, state)
	switch {
	case err != nil:
		return diagnoseRead(r.fleet, "Plan Return of VMs", err, path.Root("host"))
	case gone:
		return diag.Diagnostics{warnedAt(path.Root("host"), explain.MaintenanceLeft(now))}
	case !state.Restore.ValueBool():
		return nil
	}
	back, err := r.fleet.PlanReturn(ctx, now.Name)
	if err != nil {
		return diagnoseRead(r.fleet, "Plan Return of VMs", err, path.Root("host"))
	}
	return diag.Diagnostics{warnedAt(path.Root("host"), explain.WouldReturn(back))}
}

func (r *maintenanceResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan maintenanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.evacuate(ctx, plan, &resp.State)...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.Host)...)
	}
}

func (r *maintenanceResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan maintenanceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.evacuate(ctx, plan, &resp.State)...)
		resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.Host)...)
	}
}

// evacuate cordons and empties the host, and writes what came of it to the state: nothing where it has failed, so
// that a new resource is not tainted, whose replacement would bring back what has left.
func (r *maintenanceResource) evacuate(
	ctx context.Context, plan maintenanceModel, state *tfsdk.State,
) diag.Diagnostics {
	done, err := r.fleet.Evacuate(ctx, plan.evacuation(), func(p fleet.EvacuationProgress) {
		logEvacuation(ctx, p)
	})
	if err != nil {
		return diag.Diagnostics{failed(explain.Evacuation("Evacuate Host", err), path.Root("host"))}
	}
	var diags diag.Diagnostics
	if len(done.Stuck)+len(done.Failures) > 0 {
		diags.Append(warned(explain.StillThere(done))...)
	}
	tflog.Info(ctx, explain.Emptied(done))
	if plan.ID.IsUnknown() {
		plan.ID = types.StringValue(done.Host.UUID)
	}
	plan.write(done)
	diags.Append(state.Set(ctx, plan)...)
	return diags
}

// write takes over how far the host is emptied.
func (m *maintenanceModel) write(done fleet.Evacuated) {
	m.Cordoned = types.BoolValue(done.Cordoned)
	m.Evacuated, m.Stopped, m.Remaining = textMap(done.Moved), textMap(done.Stopped), hostSet(done.Remaining)
}

// logEvacuation logs what is told of an evacuation: as a warning what a run that is killed can tell by nothing else.
func logEvacuation(ctx context.Context, p fleet.EvacuationProgress) {
	log := tflog.Info
	if p.Unwritten != nil {
		log = tflog.Warn
	}
	log(ctx, explain.EvacuationLine(p), evacuationFields(p))
}

// evacuationFields are the progress of an evacuation for programs that read the log.
func evacuationFields(p fleet.EvacuationProgress) map[string]any {
	if p.Move != nil {
		return progressFields(*p.Move)
	}
	fields := map[string]any{
		"host": p.Host, "vm_uuid": p.VM.UUID, "vm_name": p.VM.Name, "event": string(p.Doing), "ended": p.Ended,
		"failed": p.Err != nil,
	}
	if p.To != "" {
		fields["destination"] = p.To
	}
	return fields
}

// Read looks whether the host still has the record, and which VMs run there. What was moved is kept: who moves it on
// since changes nothing here.
func (r *maintenanceResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state maintenanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	// Whatever is found: a CLI before 1.12 kept none.
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.Host)...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	r.instances.Reads(state.ID.ValueString())
	now, gone, renamed, err := r.called(ctx, state)
	if gone {
		return // a destroy says that the host is left as it is
	}
	resp.Diagnostics.Append(renamedWarning(r.instances, renamed)...)
	state.Host, state.ID = types.StringValue(now.Name), types.StringValue(now.UUID)
	var seen fleet.Evacuated
	exists := true
	if err == nil {
		seen, exists, err = r.fleet.Maintenance(ctx, now.Name)
	}
	switch {
	case err != nil:
		resp.Diagnostics.Append(readFailed(r.fleet, "Read "+r.object, err)...)
		return
	case !exists:
		resp.State.RemoveResource(ctx)
		return
	}
	evacuated, stopped := state.Evacuated, state.Stopped
	state.write(seen)
	state.Reason = textOrNull(seen.Why)
	if !evacuated.IsNull() { // known since the create
		state.Evacuated, state.Stopped = evacuated, stopped
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.Host)...)
}

// called is what the configuration calls the host now, with its host UUID of now, and how it was renamed, if it was. gone
// is true for one that is none of the hosts any more, even where another one has its label.
func (r *maintenanceResource) called(
	ctx context.Context, state maintenanceModel,
) (now fleet.Member, gone bool, renamed []fleet.Renaming, err error) {
	known := fleet.Member{Name: state.Host.ValueString(), UUID: state.ID.ValueString()}
	now, renaming, gone, err := r.fleet.Recognise(ctx, known)
	if gone {
		var replaced bool
		now, replaced, err = r.fleet.Replaced(ctx, known)
		gone = !replaced && err == nil
	}
	if renaming != nil {
		renamed = []fleet.Renaming{*renaming}
	}
	return now, gone, renamed, err
}

// readFailed is an error of a Read, or a warning for a host that may be down.
func readFailed(f *fleet.Fleet, act string, err error) diag.Diagnostics {
	if unseen, err := f.Unanswered([]error{err}); err == nil {
		return unreachableWarning(unseen)
	}
	return diagnoseRead(f, act, err, path.Root("host"))
}

func (r *maintenanceResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state maintenanceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	now, gone, _, err := r.called(ctx, state) // the destroy may be without a refresh
	if gone {
		return // the plan has said so
	}
	if err != nil {
		resp.Diagnostics.Append(diagnose("Bring VMs Back", err, path.Root("host")))
		return
	}
	name := now.Name
	back, failures, err := r.fleet.EndMaintenance(ctx, name, state.Restore.ValueBool(),
		state.OnFailure.ValueString() == string(continueOnFailure), func(p fleet.EvacuationProgress) {
			logEvacuation(ctx, p)
		})
	if err != nil {
		resp.Diagnostics.Append(failed(explain.Evacuation("Bring VMs Back", err), path.Root("host")))
		return
	}
	deleted := r.deleted(ctx, state, back)
	if state.Restore.ValueBool() && len(back.Elsewhere)+len(back.Stuck)+len(failures)+len(deleted)+len(back.Silent) > 0 {
		resp.Diagnostics.Append(warned(explain.NotBack(name, back, failures, deleted))...)
	}
}

// deleted are the VMs that were moved or stopped and that no host has any more, by UUID: the host that each was moved
// to, empty for one that was stopped. Nobody knows while a host does not answer.
func (r *maintenanceResource) deleted(
	ctx context.Context, state maintenanceModel, back fleet.Return,
) map[string]string {
	if len(back.Silent) > 0 {
		return nil
	}
	taken, deleted := map[string]string{}, map[string]string{}
	for uuid := range state.Stopped.Elements() {
		taken[uuid] = ""
	}
	for uuid, to := range state.Evacuated.Elements() {
		if to, ok := to.(types.String); ok {
			taken[uuid] = to.ValueString()
		}
	}
	for uuid, to := range taken {
		_, err := r.fleet.FindUUID(ctx, uuid, "")
		if notFound := (*fleet.NotFoundError)(nil); errors.As(err, &notFound) {
			deleted[uuid] = to
		}
	}
	return deleted
}

func (r *maintenanceResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	name, diags := r.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	seen, exists, err := r.fleet.Maintenance(ctx, name)
	switch {
	case err != nil:
		resp.Diagnostics.Append(diagnose("Import "+r.object, err))
		return
	case !exists:
		resp.Diagnostics.Append(failed(explain.NotInMaintenance(name)))
		return
	}
	model := maintenanceModel{
		evacuationModel: evacuationModel{
			Host: types.StringValue(name), Destinations: types.SetNull(types.StringType),
			OnFailure: types.StringValue(string(stopOnFailure)),
		},
		ID: types.StringValue(seen.Host.UUID), Reason: textOrNull(seen.Why),
		Evacuate: types.BoolValue(true), Restore: types.BoolValue(true),
	}
	model.write(seen)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, model.Host)...)
}

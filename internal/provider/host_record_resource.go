package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var (
	_ resource.ResourceWithConfigure      = (*hostRecordResource)(nil)
	_ resource.ResourceWithIdentity       = (*hostRecordResource)(nil)
	_ resource.ResourceWithImportState    = (*hostRecordResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*hostRecordResource)(nil)
	_ resource.ResourceWithValidateConfig = (*hostRecordResource)(nil)
)

// hostRecordResource is a record of which each of its hosts carries a copy: that
// of the global settings, or that of a cluster.
type hostRecordResource struct {
	resourceBase

	schema func() schema.Schema
	model  func() hostRecord // an empty one
}

// hostRecord is the model of a hostRecordResource, by reference.
type hostRecord interface {
	policyHolder
	attributes() *hostRecordModel
	// name is the value of the identity. setName refuses one that the record
	// cannot have.
	name() types.String
	setName(name string) error
	// title is what warnings about this record begin with.
	title() string
	// known tells whether all that the record says is known.
	known() bool
	toPolicy() policy.Policy
	setPolicy(p policy.Policy)
	declaration() fleet.Declaration
}

// hostRecordModel is the attributes of every record that hosts carry.
type hostRecordModel struct {
	ID       types.String `tfsdk:"id"`
	Hosts    types.Set    `tfsdk:"hosts"`
	Drift    types.Map    `tfsdk:"drift"`
	Owner    types.String `tfsdk:"owner"`
	Replaces types.String `tfsdk:"replaces"`
}

func (m *hostRecordModel) attributes() *hostRecordModel { return m }

func (r *hostRecordResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema()
}

func (r *hostRecordResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	config := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Config, config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	}
}

// ModifyPlan checks the hosts, fills in all hosts of the provider where the
// configuration names none, plans records in sync, which makes any drift an update
// in place, and lets the ID follow the name.
func (r *hostRecordResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	own, diags := notePlanned(ctx, r.instances, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		return
	}
	config, plan := r.model(), r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Config, config)...)
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), plan.name())...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("drift"), driftMap(nil))...)
	hosts := config.attributes().Hosts
	switch {
	case r.fleet == nil && hosts.IsNull():
		hosts = types.SetUnknown(types.StringType)
	case hosts.IsNull():
		hosts = hostSet(r.fleet.Names())
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("hosts"), hosts)...)
	}
	if r.fleet != nil {
		resp.Diagnostics.Append(checkHosts(r.fleet, hosts)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		replaces, diags := planRecord(ctx, r.fleet, r.instances, plan.known(), own, plan.declaration(), hosts, "Create "+r.object)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), replaces)...)
		return
	}
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), state.attributes().Replaces)...)
	planRemoval(ctx, req.Private, state.attributes().Hosts, hosts, resp)
	planOwner(ctx, req, resp)
}

func (r *hostRecordResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	attributes := plan.attributes()
	remembered := memory{}.owning()
	r.instances.makes(remembered.Owner)
	declaration := remembered.claim(plan.declaration())
	declaration.Replaces = attributes.Replaces.ValueString()
	outcome, err := r.fleet.Create(ctx, declaration, hostNames(attributes.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Create "+r.object, err, path.Root("hosts")))
		return
	}
	resp.Diagnostics.Append(takenWarning(r.object, outcome.Taken)...)
	attributes.Replaces, attributes.Owner = asKnown(attributes.Replaces), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, nil).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.name())...)
}

func (r *hostRecordResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.name())...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	attributes := state.attributes()
	r.instances.reads(remembered.Owner)
	survey, err := r.fleet.Survey(ctx, remembered.claim(state.declaration()), remembered.Hosts, hostNames(attributes.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(r.fleet, "Read "+r.object, err, path.Root("hosts"))...)
		return
	}
	resp.Diagnostics.Append(surveyWarnings(survey, state.title())...)
	resp.Diagnostics.Append(renamedWarning(r.instances, survey.Renamed)...)
	resp.Diagnostics.Append(letGoWarning(r.object, newlyLetGo(remembered, survey.LetGo))...)
	if survey.Gone {
		resp.State.RemoveResource(ctx)
		return
	}
	attributes.Hosts, attributes.Drift = hostSet(survey.Hosts), surveyedDrift(survey, attributes.Drift)
	if survey.Changed != nil {
		state.setPolicy(*survey.Changed)
	}
	resp.Diagnostics.Append(remembered.surveyed(survey).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, state)...)
}

func (r *hostRecordResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, state := r.model(), r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.name().Equal(state.name()) {
		former := state.name().ValueString()
		remembered.Formerly = append(without(remembered.Formerly, []string{former}), former)
	}
	remembered = remembered.owning()
	r.instances.makes(remembered.Owner)
	attributes := plan.attributes()
	hosts := hostNames(attributes.Hosts)
	outcome, err := r.fleet.Update(ctx, remembered.claim(plan.declaration()), hosts, remembered.Hosts)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Update "+r.object, err, path.Root("hosts")))
	}
	reached, changed := reachedOf(hosts, err)
	if !changed {
		return
	}
	resp.Diagnostics.Append(takenWarning(r.object, outcome.Taken)...)
	resp.Diagnostics.Append(leftWarning(r.instances, r.object, outcome.Left)...)
	attributes.ID, attributes.Hosts, attributes.Owner = plan.name(), hostSet(reached), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, err).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.name())...)
}

func (r *hostRecordResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered = remembered.recalled(ctx, r.fleet, state.attributes().Owner, state.attributes().Hosts)
	declaration := remembered.claim(state.declaration())
	removed := r.instances.removes(declaration.String(), remembered.Owner)
	outcome, err := r.fleet.Delete(ctx, declaration, remembered.Hosts)
	removed(outcome.Removed)
	resp.Diagnostics.Append(leftWarning(r.instances, r.object, outcome.Left)...)
	resp.Diagnostics.Append(letGoWarning(r.object, outcome.LetGo)...)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Delete "+r.object, err, path.Root("hosts")))
	}
}

func (r *hostRecordResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name, diags := r.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model := r.model()
	if err := model.setName(name); err != nil {
		resp.Diagnostics.AddError("Invalid Import ID", sentence(err.Error()))
		return
	}
	found, diags := findRecord(ctx, r.fleet, model.declaration(), r.object)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setPolicy(found.Policy)
	*model.attributes() = hostRecordModel{
		ID: model.name(), Hosts: hostSet(found.Hosts), Drift: driftMap(found.Deviations), Owner: textOrNull(found.Owner),
	}
	resp.Diagnostics.Append(memory{Owner: found.Owner, Imported: true, Hosts: found.Written, Seen: found.Seen}.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, model)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, model.name())...)
}

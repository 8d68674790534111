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
	_ resource.ResourceWithConfigure      = (*hostRecordResource)(nil)
	_ resource.ResourceWithIdentity       = (*hostRecordResource)(nil)
	_ resource.ResourceWithImportState    = (*hostRecordResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*hostRecordResource)(nil)
	_ resource.ResourceWithValidateConfig = (*hostRecordResource)(nil)
)

// hostRecordResource is a record of which each host keeps a copy: the global settings,
// or the policy of a cluster.
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
	// known tells whether all that the record says is known.
	known() bool
	toPolicy() policy.Policy
	setPolicy(p policy.Policy)
	declaration() fleet.Declaration
	// complete fills in what a state of an older release does not have.
	complete()
	// record is what the record is of.
	record() instance.Record
}

// hostRecordModel is the attributes of every record that hosts keep.
type hostRecordModel struct {
	ID          types.String `tfsdk:"id"`
	Hosts       types.Set    `tfsdk:"hosts"`
	Drift       types.Map    `tfsdk:"drift"`
	Owner       types.String `tfsdk:"owner"`
	Replaces    types.String `tfsdk:"replaces"`
	UnseenHosts types.Set    `tfsdk:"unseen_hosts"`
}

func (m *hostRecordModel) attributes() *hostRecordModel { return m }

func (r *hostRecordResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.schema()
}

func (r *hostRecordResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	config := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Config, config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	}
}

func (r *hostRecordResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	written := r.changes.Writes(plan.record())
	defer func() { written(!resp.Diagnostics.HasError()) }()
	attributes := plan.attributes()
	remembered := r.declaring(instance.Memory{})
	declaration := remembered.Claim(plan.declaration())
	declaration.Replaces = attributes.Replaces.ValueString()
	outcome, err := r.fleet.Create(ctx, declaration, namesIn(attributes.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Create "+r.object, err, path.Root("hosts")))
		return
	}
	resp.Diagnostics.Append(takenWarning(r.object, outcome.Taken)...)
	attributes.Replaces, attributes.Owner = asKnown(attributes.Replaces), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.Changed(outcome, nil).Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.name())...)
}

func (r *hostRecordResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, state.name())...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	defer r.beginRead(state.record(), resp)()
	attributes := state.attributes()
	r.instances.Reads(remembered.Owner)
	survey, err := r.fleet.Survey(ctx, remembered.Claim(state.declaration()), remembered.Watched(),
		namesIn(attributes.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(r.fleet, "Read "+r.object, err, path.Root("hosts"))...)
		return
	}
	resp.Diagnostics.Append(warned(explain.Surveyed(r.object, state.declaration(), survey)...)...)
	resp.Diagnostics.Append(renamedWarning(r.instances, survey.Renamed)...)
	resp.Diagnostics.Append(warned(explain.LeftOnFormerHosts(r.object, remembered.LetGo(survey))...)...)
	if survey.Gone {
		resp.State.RemoveResource(ctx)
		return
	}
	attributes.Hosts, attributes.Drift = hostSet(survey.Hosts), surveyedDrift(survey, attributes.Drift)
	attributes.UnseenHosts = unseenHosts(survey.Unseen)
	if survey.Changed != nil {
		state.setPolicy(*survey.Changed)
	}
	state.complete()
	resp.Diagnostics.Append(remembered.Surveyed(survey).Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, state)...)
}

func (r *hostRecordResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	plan, state := r.model(), r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.name().Equal(state.name()) {
		former := state.name().ValueString()
		remembered.Formerly = append(without(remembered.Formerly, []string{former}), former)
	}
	written := r.changes.Writes(plan.record())
	defer func() { written(!resp.Diagnostics.HasError()) }()
	remembered = r.declaring(remembered)
	attributes := plan.attributes()
	hosts := namesIn(attributes.Hosts)
	outcome, err := r.fleet.Update(ctx, remembered.Claim(plan.declaration()), hosts, remembered.Hosts)
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
	resp.Diagnostics.Append(remembered.Changed(outcome, err).Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, plan)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, plan.name())...)
}

func (r *hostRecordResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	attributes := state.attributes()
	remembered = remembered.Completed(ctx, r.fleet, attributes.Owner.ValueString(), namesIn(attributes.Hosts))
	declaration := remembered.Claim(state.declaration())
	removed := r.instances.Removes(declaration.String(), remembered.Owner)
	gone := r.changes.Removes(removalOf(state, remembered))
	outcome, err := r.fleet.Delete(ctx, declaration, remembered.Hosts)
	removed(outcome.Removed)
	gone(err == nil && len(outcome.Left) == 0)
	resp.Diagnostics.Append(leftWarning(r.instances, r.object, outcome.Left)...)
	resp.Diagnostics.Append(warned(explain.LeftOnFormerHosts(r.object, outcome.LetGo)...)...)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Delete "+r.object, err, path.Root("hosts")))
	}
}

func (r *hostRecordResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	name, diags := r.imported(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model := r.model()
	if err := model.setName(name); err != nil {
		resp.Diagnostics.Append(failed(explain.InvalidImportID(err)))
		return
	}
	found, diags := r.find(ctx, model.declaration())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model.setPolicy(found.Policy)
	*model.attributes() = hostRecordModel{
		ID: model.name(), Hosts: hostSet(found.Hosts), Drift: driftMap(found.Drift), Owner: textOrNull(found.Owner),
		UnseenHosts: unseenHosts(found.Unseen),
	}
	remembered := instance.Importing(found.Owner)
	remembered.Hosts, remembered.Seen = found.Written, found.Seen
	resp.Diagnostics.Append(remembered.Save(ctx, resp.Private)...)
	resp.Diagnostics.Append(setState(ctx, &resp.State, model)...)
	resp.Diagnostics.Append(r.identify(ctx, resp.Identity, model.name())...)
}

// find finds the record for an import, and warns where it had to choose between copies.
func (r *hostRecordResource) find(ctx context.Context, d fleet.Declaration) (*fleet.Found, diag.Diagnostics) {
	var diags diag.Diagnostics
	found, err := r.fleet.FindRecord(ctx, d)
	switch {
	case err != nil:
		diags.Append(diagnose("Import "+r.object, err))
	case found == nil:
		var clusters []string
		if d.Cluster != "" {
			clusters = r.fleet.Clusters(ctx)
		}
		diags.Append(failed(explain.NoRecord(r.object, d, r.fleet.Names(), clusters)))
	default:
		diags.Append(warned(explain.CopiesDiffer(r.object, *found)...)...)
		diags.Append(unreachableWarning(found.Unseen)...)
	}
	return found, diags
}

// reachedOf is the hosts that an update reached. changed is false when it reached none:
// state must stay as it is.
func reachedOf(hosts []string, err error) (reached []string, changed bool) {
	if err == nil {
		return hosts, true
	}
	var partial *fleet.PartialError
	if !errors.As(err, &partial) {
		return nil, false
	}
	reached = without(hosts, partial.Unwritten)
	return reached, len(reached) > 0
}

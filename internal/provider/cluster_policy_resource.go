package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var (
	_ resource.ResourceWithConfigure      = (*clusterPolicyResource)(nil)
	_ resource.ResourceWithIdentity       = (*clusterPolicyResource)(nil)
	_ resource.ResourceWithImportState    = (*clusterPolicyResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*clusterPolicyResource)(nil)
	_ resource.ResourceWithValidateConfig = (*clusterPolicyResource)(nil)
)

func newClusterPolicyResource() resource.Resource { return &clusterPolicyResource{} }

// clusterPolicyResource is the policy of a named group of hosts; each of them
// carries a copy, and is in one cluster only.
type clusterPolicyResource struct {
	fleet     *fleet.Fleet
	instances *instances
}

type clusterPolicyModel struct {
	levelModel
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Hosts    types.Set    `tfsdk:"hosts"`
	Owner    types.String `tfsdk:"owner"`
	Replaces types.String `tfsdk:"replaces"`
}

// declaration is the record that the cluster is to have.
func (m clusterPolicyModel) declaration() fleet.Declaration {
	return fleet.Declaration{Cluster: m.Name.ValueString(), Policy: m.toPolicy()}
}

func (r *clusterPolicyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cluster_migration_policy"
	resp.ResourceBehavior.MutableIdentity = true // renaming is in place
}

func (r *clusterPolicyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The live-migration policy of a cluster: a named group of hosts. What it leaves out inherits from the global settings, each field on its own. Each host carries a copy, and is in one cluster only.",
		Attributes: levelAttributes(map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "The name.",
				Computed:            true,
			},
			"name": schema.StringAttribute{
				MarkdownDescription: "The cluster's name. Renaming is in place.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthBetween(1, 255)},
			},
			"owner":    ownerAttribute(),
			"replaces": replacesAttribute(),
			"hosts": schema.SetAttribute{
				MarkdownDescription: "Names of the hosts in the cluster. When read: the hosts whose copy says what is declared here, so that a host that lost or changed its copy shows as a difference.",
				ElementType:         types.StringType,
				Required:            true,
				Validators:          hostSetValidators(),
			},
		}),
	}
}

func (r *clusterPolicyResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = stringIdentity("name", "The cluster's name.")
}

func (r *clusterPolicyResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.fleet, r.instances = fleetOf(req.ProviderData), instancesOf(req.ProviderData)
}

func (r *clusterPolicyResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config clusterPolicyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validatePolicy(config.toPolicy(), path.Empty())...)
	}
}

// ModifyPlan checks the hosts and lets the ID follow the name.
func (r *clusterPolicyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	own, diags := notePlanned(ctx, r.instances, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		return
	}
	var plan clusterPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(validatePolicy(plan.toPolicy(), path.Empty())...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), plan.Name)...)
	if r.fleet != nil {
		resp.Diagnostics.Append(checkHosts(r.fleet, plan.Hosts)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		known := plan.known() && !plan.Name.IsUnknown()
		replaces, diags := planRecord(ctx, r.fleet, r.instances, known, own, plan.declaration(), plan.Hosts, "Create Cluster Migration Policy")
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), replaces)...)
		return
	}
	var state clusterPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), state.Replaces)...)
	planRemoval(ctx, req.Private, state.Hosts, plan.Hosts, resp)
	planOwner(ctx, req, resp)
}

func (r *clusterPolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan clusterPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered := memory{}.owning()
	r.instances.makes(remembered.Owner)
	declaration := remembered.claim(plan.declaration())
	declaration.Replaces = plan.Replaces.ValueString()
	outcome, err := r.fleet.Create(ctx, declaration, hostNames(plan.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Create Cluster Migration Policy", err, path.Root("hosts")))
		return
	}
	resp.Diagnostics.Append(takenWarning("Cluster Migration Policy", outcome.Taken)...)
	plan.Replaces, plan.Owner = asKnown(plan.Replaces), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, nil).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), plan.Name)...)
}

func (r *clusterPolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state clusterPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), state.Name)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	r.instances.reads(remembered.Owner)
	survey, err := r.fleet.Survey(ctx, remembered.claim(state.declaration()), remembered.Hosts, hostNames(state.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(r.fleet, "Read Cluster Migration Policy", err, path.Root("hosts"))...)
		return
	}
	resp.Diagnostics.Append(surveyWarnings(survey, fmt.Sprintf("Policy of Cluster %q", state.Name.ValueString()))...)
	resp.Diagnostics.Append(renamedWarning(r.instances, survey.Renamed)...)
	resp.Diagnostics.Append(letGoWarning("Cluster Migration Policy", newlyLetGo(remembered, survey.LetGo))...)
	if survey.Gone {
		resp.State.RemoveResource(ctx)
		return
	}
	if survey.Changed != nil {
		state.levelModel = levelModelOf(*survey.Changed)
	}
	state.Hosts = hostSet(survey.Hosts)
	resp.Diagnostics.Append(remembered.surveyed(survey).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *clusterPolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state clusterPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Name.Equal(state.Name) {
		remembered.Formerly = append(without(remembered.Formerly, []string{state.Name.ValueString()}), state.Name.ValueString())
	}
	remembered = remembered.owning()
	r.instances.makes(remembered.Owner)
	hosts := hostNames(plan.Hosts)
	outcome, err := r.fleet.Update(ctx, remembered.claim(plan.declaration()), hosts, remembered.Hosts)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Update Cluster Migration Policy", err, path.Root("hosts")))
	}
	reached, changed := reachedOf(hosts, err)
	if !changed {
		return
	}
	resp.Diagnostics.Append(takenWarning("Cluster Migration Policy", outcome.Taken)...)
	resp.Diagnostics.Append(leftWarning(r.instances, "Cluster Migration Policy", outcome.Left)...)
	plan.ID = plan.Name
	plan.Hosts, plan.Owner = hostSet(reached), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, err).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), plan.Name)...)
}

func (r *clusterPolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state clusterPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered = remembered.recalled(ctx, r.fleet, state.Owner, state.Hosts)
	declaration := remembered.claim(state.declaration())
	removed := r.instances.removes(declaration.String(), remembered.Owner)
	outcome, err := r.fleet.Delete(ctx, declaration, remembered.Hosts)
	removed(outcome.Removed)
	resp.Diagnostics.Append(leftWarning(r.instances, "Cluster Migration Policy", outcome.Left)...)
	resp.Diagnostics.Append(letGoWarning("Cluster Migration Policy", outcome.LetGo)...)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Delete Cluster Migration Policy", err, path.Root("hosts")))
	}
}

func (r *clusterPolicyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name, diags := importedString(ctx, req, "name")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, diags := importRecord(ctx, r.fleet, fleet.Declaration{Cluster: name}, "Cluster Migration Policy")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model := clusterPolicyModel{
		levelModel: levelModelOf(found.Policy),
		ID:         types.StringValue(name),
		Name:       types.StringValue(name),
		Hosts:      hostSet(found.Hosts),
		Owner:      textOrNull(found.Owner),
	}
	resp.Diagnostics.Append(memory{Owner: found.Owner, Imported: true, Hosts: found.Written, Seen: found.Seen}.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), name)...)
}

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
type clusterPolicyResource struct{ fleet *fleet.Fleet }

type clusterPolicyModel struct {
	levelModel
	ID    types.String `tfsdk:"id"`
	Name  types.String `tfsdk:"name"`
	Hosts types.Set    `tfsdk:"hosts"`
}

// declaration is the record that the cluster is to have; formerly are names
// under which its hosts may still have it.
func (m clusterPolicyModel) declaration(formerly ...string) fleet.Declaration {
	return fleet.Declaration{Cluster: m.Name.ValueString(), Formerly: formerly, Policy: m.toPolicy()}
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
	r.fleet = fleetOf(req.ProviderData)
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
	if !req.State.Raw.IsNull() {
		var present types.Set
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("hosts"), &present)...)
		planRemoval(ctx, req.Private, present, plan.Hosts, resp)
	}
}

func (r *clusterPolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan clusterPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	hosts := hostNames(plan.Hosts)
	if _, err := r.fleet.Create(ctx, plan.declaration(), hosts); err != nil {
		resp.Diagnostics.Append(diagnose("Create Cluster Migration Policy", err, path.Root("hosts")))
		return
	}
	resp.Diagnostics.Append(membership{Written: hosts}.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), plan.Name)...)
}

func (r *clusterPolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state clusterPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), state.Name)...)
	members, diags := readMembership(ctx, req.Private, state.Hosts)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	survey, err := r.fleet.Survey(ctx, state.declaration(members.Formerly...), members.Written, hostNames(state.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(r.fleet, "Read Cluster Migration Policy", err, path.Root("hosts"))...)
		return
	}
	resp.Diagnostics.Append(surveyWarnings(survey, fmt.Sprintf("Policy of Cluster %q", state.Name.ValueString()))...)
	if survey.Gone {
		resp.State.RemoveResource(ctx)
		return
	}
	if survey.Changed != nil {
		state.levelModel = levelModelOf(*survey.Changed)
	}
	state.Hosts = hostSet(survey.Hosts)
	resp.Diagnostics.Append(members.surveyed(survey).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *clusterPolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state clusterPolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	members, diags := readMembership(ctx, req.Private, state.Hosts)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Name.Equal(state.Name) {
		members.Formerly = union(members.Formerly, []string{state.Name.ValueString()})
	}
	hosts := hostNames(plan.Hosts)
	err := r.fleet.Update(ctx, plan.declaration(members.Formerly...), hosts, without(members.Written, hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Update Cluster Migration Policy", err, path.Root("hosts")))
	}
	after, reached, saved := members.updated(hosts, err)
	if !saved {
		return
	}
	plan.ID = plan.Name
	plan.Hosts = hostSet(reached)
	resp.Diagnostics.Append(after.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), plan.Name)...)
}

func (r *clusterPolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state clusterPolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	members, diags := readMembership(ctx, req.Private, state.Hosts)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(droppedWarning(r.fleet, "Cluster Migration Policy", members.Written)...)
	if err := r.fleet.Delete(ctx, state.declaration(members.Formerly...), members.Written); err != nil {
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
	}
	resp.Diagnostics.Append(membership{Written: found.Written}.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("name"), name)...)
}

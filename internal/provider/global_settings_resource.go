package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var (
	_ resource.ResourceWithConfigure      = (*globalSettingsResource)(nil)
	_ resource.ResourceWithIdentity       = (*globalSettingsResource)(nil)
	_ resource.ResourceWithImportState    = (*globalSettingsResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*globalSettingsResource)(nil)
	_ resource.ResourceWithValidateConfig = (*globalSettingsResource)(nil)
)

// globalID is the only ID that the global settings have.
const globalID = "global"

func newGlobalSettingsResource() resource.Resource { return &globalSettingsResource{} }

// globalSettingsResource is the policy that holds where no cluster and no VM
// says otherwise; each of its hosts carries a copy.
type globalSettingsResource struct {
	fleet     *fleet.Fleet
	instances *instances
}

type globalSettingsModel struct {
	globalModel
	ID       types.String `tfsdk:"id"`
	Hosts    types.Set    `tfsdk:"hosts"`
	Owner    types.String `tfsdk:"owner"`
	Replaces types.String `tfsdk:"replaces"`
}

func (m globalSettingsModel) declaration() fleet.Declaration {
	return fleet.Declaration{Policy: m.toPolicy()}
}

func (r *globalSettingsResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_migration_global_settings"
}

func (r *globalSettingsResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The live-migration policy that holds where no cluster and no VM says otherwise. There is one per provider configuration; each host carries a copy. Auto-converge and compression are off unless they are switched on.",
		Attributes: globalAttributes(map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "Always `global`.",
				Computed:            true,
				Default:             stringdefault.StaticString(globalID),
			},
			"owner":    ownerAttribute(),
			"replaces": replacesAttribute(),
			"hosts": schema.SetAttribute{
				MarkdownDescription: "Names of the hosts that carry the settings. Default: all hosts of the provider. When read: the hosts whose copy says what is declared here, so that a host that lost or changed its copy shows as a difference.",
				ElementType:         types.StringType,
				Optional:            true,
				Computed:            true,
				Validators:          hostSetValidators(),
			},
		}),
	}
}

func (r *globalSettingsResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = stringIdentity("id", "Always `global`.")
}

func (r *globalSettingsResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.fleet, r.instances = fleetOf(req.ProviderData), instancesOf(req.ProviderData)
}

func (r *globalSettingsResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config globalSettingsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(validatePolicy(config.toPolicy(), path.Empty())...)
	}
}

// ModifyPlan fills in all hosts of the provider where the configuration names
// none.
func (r *globalSettingsResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	own, diags := notePlanned(ctx, r.instances, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() || r.fleet == nil {
		return
	}
	var config globalSettingsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(validatePolicy(config.toPolicy(), path.Empty())...)
	if resp.Diagnostics.HasError() {
		return
	}
	hosts := config.Hosts
	if hosts.IsNull() {
		hosts = hostSet(r.fleet.Names())
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("hosts"), hosts)...)
	}
	resp.Diagnostics.Append(checkHosts(r.fleet, hosts)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		var plan globalSettingsModel
		resp.Diagnostics.Append(resp.Plan.Get(ctx, &plan)...)
		replaces, diags := planRecord(ctx, r.fleet, r.instances, plan.known(), own, plan.declaration(), hosts, "Create Global Migration Settings")
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), replaces)...)
		return
	}
	var state globalSettingsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), state.Replaces)...)
	planRemoval(ctx, req.Private, state.Hosts, hosts, resp)
	planOwner(ctx, req, resp)
}

func (r *globalSettingsResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan globalSettingsModel
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
		resp.Diagnostics.Append(diagnose("Create Global Migration Settings", err, path.Root("hosts")))
		return
	}
	resp.Diagnostics.Append(takenWarning("Global Migration Settings", outcome.Taken)...)
	plan.Replaces, plan.Owner = asKnown(plan.Replaces), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, nil).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), globalID)...)
}

func (r *globalSettingsResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state globalSettingsModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), globalID)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || r.fleet == nil {
		return
	}
	r.instances.reads(remembered.Owner)
	survey, err := r.fleet.Survey(ctx, remembered.claim(state.declaration()), remembered.Hosts, hostNames(state.Hosts))
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(r.fleet, "Read Global Migration Settings", err, path.Root("hosts"))...)
		return
	}
	resp.Diagnostics.Append(surveyWarnings(survey, "Global Migration Settings")...)
	resp.Diagnostics.Append(renamedWarning(r.instances, survey.Renamed)...)
	resp.Diagnostics.Append(letGoWarning("Global Migration Settings", newlyLetGo(remembered, survey.LetGo))...)
	if survey.Gone {
		resp.State.RemoveResource(ctx)
		return
	}
	if survey.Changed != nil {
		changed := globalModelOf(*survey.Changed)
		if changed.toPolicy().Equal(state.toPolicy()) {
			// A switch that is missing from the records, not one that is changed:
			// the attributes can not show that, so the hosts have to.
			survey.Hosts = nil
		}
		state.globalModel = changed
	}
	state.Hosts = hostSet(survey.Hosts)
	resp.Diagnostics.Append(remembered.surveyed(survey).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func (r *globalSettingsResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state globalSettingsModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	remembered, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered = remembered.owning()
	r.instances.makes(remembered.Owner)
	hosts := hostNames(plan.Hosts)
	outcome, err := r.fleet.Update(ctx, remembered.claim(plan.declaration()), hosts, remembered.Hosts)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Update Global Migration Settings", err, path.Root("hosts")))
	}
	reached, changed := reachedOf(hosts, err)
	if !changed {
		return
	}
	resp.Diagnostics.Append(takenWarning("Global Migration Settings", outcome.Taken)...)
	resp.Diagnostics.Append(leftWarning(r.instances, "Global Migration Settings", outcome.Left)...)
	plan.ID = types.StringValue(globalID)
	plan.Hosts, plan.Owner = hostSet(reached), types.StringValue(remembered.Owner)
	resp.Diagnostics.Append(remembered.changed(outcome, err).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), globalID)...)
}

func (r *globalSettingsResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state globalSettingsModel
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
	resp.Diagnostics.Append(leftWarning(r.instances, "Global Migration Settings", outcome.Left)...)
	resp.Diagnostics.Append(letGoWarning("Global Migration Settings", outcome.LetGo)...)
	if err != nil {
		resp.Diagnostics.Append(diagnose("Delete Global Migration Settings", err, path.Root("hosts")))
	}
}

func (r *globalSettingsResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, diags := importedString(ctx, req, "id")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if id != globalID {
		resp.Diagnostics.AddError("Invalid Import ID", "The global migration settings exist once and are imported by the ID \"global\".")
		return
	}
	found, diags := importRecord(ctx, r.fleet, fleet.Declaration{}, "Global Migration Settings")
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	model := globalSettingsModel{globalModel: globalModelOf(found.Policy), ID: types.StringValue(globalID), Hosts: hostSet(found.Hosts), Owner: textOrNull(found.Owner)}
	resp.Diagnostics.Append(memory{Owner: found.Owner, Imported: true, Hosts: found.Written, Seen: found.Seen}.save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), globalID)...)
}

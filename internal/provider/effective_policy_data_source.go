package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var _ datasource.DataSourceWithConfigure = (*effectivePolicyDataSource)(nil)

func newEffectivePolicyDataSource() datasource.DataSource { return &effectivePolicyDataSource{} }

// effectivePolicyDataSource shows the effective policy of a VM, and the level that
// decided each value.
type effectivePolicyDataSource struct{ providerData }

type effectivePolicyModel struct {
	VM       types.String `tfsdk:"vm"`
	UUID     types.String `tfsdk:"uuid"`
	Host     types.String `tfsdk:"host"`
	Cluster  types.String `tfsdk:"cluster"`
	Policy   types.Object `tfsdk:"policy"`
	Origins  types.Map    `tfsdk:"origins"`
	Inactive types.Set    `tfsdk:"inactive"`
}

func (d *effectivePolicyDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_effective_migration_policy"
}

func (d *effectivePolicyDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Effective live-migration policy of a VM on the host that it is on: the value of every " +
			"field, and the level that decided it.",
		Attributes: map[string]schema.Attribute{
			"vm": schema.StringAttribute{
				MarkdownDescription: vmDescription,
				Required:            true,
				Validators:          []validator.String{nameValidator{}},
			},
			"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM.", Computed: true},
			"host": schema.StringAttribute{MarkdownDescription: "Host that the VM is on, whose records were read: a " +
				"key of `hosts` in the provider's configuration.", Computed: true},
			"cluster": schema.StringAttribute{
				MarkdownDescription: "Name of the cluster that the host is in; null when it is in none.",
				Computed:            true,
			},
			"policy": schema.SingleNestedAttribute{
				MarkdownDescription: "Value of every field. A field that no level sets and that has no built-in " +
					"default is null: the default of libvirt or QEMU applies. The object is null while a record on " +
					"the host cannot be read.",
				Computed:   true,
				Attributes: effectiveAttributes(),
			},
			"origins": schema.MapAttribute{
				MarkdownDescription: "Level that decided each field: `vm`, `cluster`, `global` or `default`.",
				ElementType:         types.StringType,
				Computed:            true,
			},
			"inactive": schema.SetAttribute{
				MarkdownDescription: "Dormant fields: a level sets them, but the feature that they tune is off.",
				ElementType:         types.StringType,
				Computed:            true,
			},
		},
	}
}

func (d *effectivePolicyDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *effectivePolicyDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model effectivePolicyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly("Effective Migration Policy")))
		return
	}
	resolution, err := d.fleet.Resolve(ctx, model.VM.ValueString(), "", policy.Policy{})
	if err != nil {
		diags := unresolved("Effective Migration Policy", err)
		resp.Diagnostics.Append(diags...)
		if !diags.HasError() {
			resp.Diagnostics.Append(resp.State.Set(ctx, model.unknownPolicy())...)
		}
		return
	}
	resp.Diagnostics.Append(locationWarnings(resolution.Location)...)
	resp.Diagnostics.Append(conflictWarnings(resolution.Policy.Conflicts())...)
	if resolution.Diverging != nil {
		resp.Diagnostics.Append(warned(explain.Diverging(resolution.Location, resolution.Diverging))...)
	}
	model.UUID = types.StringValue(resolution.Location.Domain.UUID)
	model.Host = types.StringValue(resolution.Location.Host)
	model.Cluster = types.StringNull()
	if resolution.Cluster != "" {
		model.Cluster = types.StringValue(resolution.Cluster)
	}
	model.Policy = effectiveObject(resolution.Policy)
	model.Origins = originsMap(resolution.Policy)
	inactive := []attr.Value{}
	for _, field := range resolution.Policy.Inactive() {
		inactive = append(inactive, types.StringValue(string(field)))
	}
	model.Inactive = types.SetValueMust(types.StringType, inactive)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// unresolved says why a data source has no effective policy to go by; object is what it
// reads. It is a warning where the plan has to go on: an apply may be about to repair the
// record, or hosts may be down (unreachable_hosts = "warn").
func unresolved(object string, err error) diag.Diagnostics {
	var unseen *fleet.UnseenError
	switch {
	case errors.As(err, &unseen):
		return warned(explain.UnseenByRead(unseen.Unseen))
	case fleet.Unreadable(err):
		return diag.Diagnostics{warnedAt(path.Root("vm"), explain.PolicyUnknown(err))}
	default:
		return diag.Diagnostics{diagnose("Read "+object, err, path.Root("vm"))}
	}
}

// unknownPolicy is the model of a VM whose policy is not known.
func (m effectivePolicyModel) unknownPolicy() effectivePolicyModel {
	return effectivePolicyModel{
		VM:       m.VM,
		Policy:   types.ObjectNull(effectiveTypes()),
		Origins:  types.MapNull(types.StringType),
		Inactive: types.SetNull(types.StringType),
	}
}

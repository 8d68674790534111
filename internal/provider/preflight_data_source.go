package provider

import (
	"context"
	"maps"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

var (
	_ datasource.DataSourceWithConfigure      = (*preflightDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*preflightDataSource)(nil)
)

func newPreflightDataSource() datasource.DataSource { return &preflightDataSource{} }

// preflightDataSource shows what would keep a VM from being moved.
type preflightDataSource struct{ providerData }

type preflightModel struct {
	moveModel
	Thorough  types.Bool   `tfsdk:"thorough"`
	UUID      types.String `tfsdk:"uuid"`
	Source    types.String `tfsdk:"source"`
	Ready     types.Bool   `tfsdk:"ready"`
	Findings  types.List   `tfsdk:"findings"`
	Unchecked types.Map    `tfsdk:"unchecked"`
}

func findingAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"check": schema.StringAttribute{MarkdownDescription: "Name of the check, such as `source_verdict`: an " +
			"identifier, which the guide on moving VMs lists.", Computed: true},
		"host": schema.StringAttribute{MarkdownDescription: "Host at fault: a key of `hosts` in the provider's " +
			"configuration; null when it is none.", Computed: true},
		"severity": schema.StringAttribute{
			MarkdownDescription: "`error` refuses the move, `warning` does not.",
			Computed:            true,
		},
		"summary": schema.StringAttribute{MarkdownDescription: "Title: check, problem, device and host.", Computed: true},
		"detail": schema.StringAttribute{
			MarkdownDescription: "Sentences that say what speaks against the move.",
			Computed:            true,
		},
		"remedy": schema.StringAttribute{MarkdownDescription: "Sentences that say what would be right, with a command " +
			"where there is one; null when there is nothing to be said.", Computed: true},
	}
}

// findingTypes are the types of the members of a finding.
var findingTypes = sync.OnceValue(func() map[string]attr.Type { return typesOf(findingAttributes()) })

func (d *preflightDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_migration_preflight"
}

func (d *preflightDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := runAttributes()
	maps.Copy(attributes, map[string]schema.Attribute{
		"vm": schema.StringAttribute{
			MarkdownDescription: vmDescription,
			Required:            true,
			Validators:          []validator.String{nameValidator{}},
		},
		"destination": schema.StringAttribute{
			MarkdownDescription: moveDestinationDescription,
			Required:            true,
			Validators:          []validator.String{nameValidator{}},
		},
		"mode": schema.StringAttribute{
			MarkdownDescription: moveModeDescription,
			Optional:            true,
			Validators:          []validator.String{oneOf(migration.Modes()...)},
		},
		"disks": schema.SetAttribute{
			MarkdownDescription: disksDescription,
			ElementType:         types.StringType,
			Optional:            true,
			Validators:          []validator.Set{targetsValidator{}},
		},
		"thorough": schema.BoolAttribute{
			MarkdownDescription: "Whether to check more than reading alone can tell, as is done before the start of a move: " +
				"the destination is asked for a storage pool that cannot come to be (`virStoragePoolCreateXML`), whose error " +
				"tells whether a file is there. It changes nothing. Default: `false`.",
			Optional: true,
		},
		"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM.", Computed: true},
		"source": schema.StringAttribute{MarkdownDescription: "Host that the VM is on: a key of `hosts` in the provider's " +
			"configuration.", Computed: true},
		"ready": schema.BoolAttribute{
			MarkdownDescription: "Whether no finding is an error: nothing that could be checked would refuse the move. It is " +
				"`true` for a VM that is on its destination already, or is being migrated to it, and null while a record on the " +
				"VM's host cannot be read.",
			Computed: true,
		},
		"findings": schema.ListNestedAttribute{
			MarkdownDescription: "What speaks against the move, in the order of the checks.",
			Computed:            true,
			NestedObject:        schema.NestedAttributeObject{Attributes: findingAttributes()},
		},
		"unchecked": schema.MapAttribute{
			MarkdownDescription: "Checks that could not be made, or not in all parts: a map from the name of each, as in " +
				"`findings`, to sentences that say why.",
			ElementType: types.StringType,
			Computed:    true,
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "What would keep a VM from being moved to a host, found by the checks that a plan and a move " +
			"make. It moves nothing, changes nothing, and does not fail because of what it finds: for `check` blocks, policy " +
			"tools and scripts.",
		Attributes: attributes,
		Blocks:     dataSourceChanges(),
	}
}

func (d *preflightDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *preflightDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config preflightModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

func (d *preflightDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model preflightModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly("Migration Preflight")))
		return
	}
	move, diags := model.move(model.VM.ValueString(), "")
	resp.Diagnostics.Append(diags...)
	if err := d.fleet.Check(move.Destination); err != nil {
		resp.Diagnostics.Append(diagnose("Find Host", err, path.Root("destination")))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	move.Thorough = model.Thorough.ValueBool()
	model.Findings = types.ListNull(types.ObjectType{AttrTypes: findingTypes()})
	model.Unchecked = types.MapNull(types.StringType)
	location, assessment, err := d.fleet.Assess(ctx, move)
	if err != nil {
		resp.Diagnostics.Append(unresolved("Migration Preflight", err)...)
	} else {
		resp.Diagnostics.Append(locationWarnings(location)...)
		model.UUID, model.Source = types.StringValue(location.Domain.UUID), types.StringValue(location.Host)
		model.assessed(assessment)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(setState(ctx, &resp.State, &model)...)
	}
}

// assessed takes over what was found.
func (m *preflightModel) assessed(a preflight.Assessment) {
	m.Ready = types.BoolValue(len(a.Errors()) == 0)
	findings := []attr.Value{}
	for _, f := range a.Findings {
		findings = append(findings, findingObject(f))
	}
	m.Findings = types.ListValueMust(types.ObjectType{AttrTypes: findingTypes()}, findings)
	why := map[string]string{}
	for _, u := range a.Unchecked {
		name := string(u.Check)
		if why[name] != "" {
			why[name] += " "
		}
		why[name] += explain.Unchecked(u)
	}
	unchecked := map[string]attr.Value{}
	for name, text := range why {
		unchecked[name] = types.StringValue(text)
	}
	m.Unchecked = types.MapValueMust(types.StringType, unchecked)
}

func findingObject(f migration.Finding) types.Object {
	severity := preflight.Errors
	if f.Warning {
		severity = preflight.Warnings
	}
	advised := explain.Advise(f)
	return types.ObjectValueMust(findingTypes(), map[string]attr.Value{
		"check":    types.StringValue(string(f.Check)),
		"host":     textOrNull(f.Host),
		"severity": types.StringValue(string(severity)),
		"summary":  types.StringValue(explain.Summary(f)),
		"detail":   types.StringValue(advised.Detail),
		"remedy":   textOrNull(advised.Remedy),
	})
}

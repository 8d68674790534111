package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

var (
	_ datasource.DataSourceWithConfigure      = (*destinationsDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*destinationsDataSource)(nil)
)

func newDestinationsDataSource() datasource.DataSource { return &destinationsDataSource{} }

// destinationsDataSource shows which hosts a VM could be moved to.
type destinationsDataSource struct{ providerData }

type destinationsModel struct {
	VM         types.String `tfsdk:"vm"`
	Hosts      types.Set    `tfsdk:"hosts"`
	Cluster    types.String `tfsdk:"cluster"`
	UUID       types.String `tfsdk:"uuid"`
	Host       types.String `tfsdk:"host"`
	Candidates types.List   `tfsdk:"candidates"`
	Rejected   types.Map    `tfsdk:"rejected"`
}

// candidateAttributes are the members of a candidate.
func candidateAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"host": schema.StringAttribute{
			MarkdownDescription: "The host: a key of `hosts` in the provider's configuration.",
			Computed:            true,
		},
		"score": schema.Float64Attribute{
			MarkdownDescription: "How well it would take the VM: 0 to 100, the larger, the better. The numbers of one reading " +
				"can be compared with each other, not with those of another release.",
			Computed: true,
		},
		"reasons": schema.ListAttribute{
			MarkdownDescription: "What the score is made of, in words: memory, busy CPUs, virtual CPUs, other moves.",
			ElementType:         types.StringType,
			Computed:            true,
		},
	}
}

func (d *destinationsDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_migration_destinations"
}

func (d *destinationsDataSource) Schema(
	_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Hosts that a VM could be moved to now, the best first, and what speaks against each of the " +
			"others: by the rules by which a move with `destinations` or `cluster` chooses, and by the checks of a move. " +
			"Reading moves nothing, changes nothing, keeps no room for the VM, and does not fail where no host is left.",
		Attributes: map[string]schema.Attribute{
			"vm": schema.StringAttribute{
				MarkdownDescription: vmDescription,
				Required:            true,
				Validators:          []validator.String{nameValidator{}},
			},
			"hosts": schema.SetAttribute{
				MarkdownDescription: "Hosts to look at: keys of `hosts` in the provider's configuration. Default: all of " +
					"them, or those of `cluster`.",
				ElementType: types.StringType,
				Optional:    true,
			},
			"cluster": schema.StringAttribute{
				MarkdownDescription: "Name of a cluster whose hosts are looked at, instead of `hosts`: those that have " +
					"the record of its policy.",
				Optional:   true,
				Validators: []validator.String{nameValidator{}},
			},
			"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM.", Computed: true},
			"host": schema.StringAttribute{
				MarkdownDescription: "Host that the VM is on: a key of `hosts` in the provider's configuration.",
				Computed:            true,
			},
			"candidates": schema.ListNestedAttribute{
				MarkdownDescription: "Hosts that could take the VM, the best first, of equals the first by name; null while a " +
					"record on the VM's host cannot be read.",
				Computed:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: candidateAttributes()},
			},
			"rejected": schema.MapAttribute{
				MarkdownDescription: "The other hosts: a map from the name of each to what speaks against it. Where that " +
					"is several things, it is the one that has to be mended first.",
				ElementType: types.StringType,
				Computed:    true,
			},
		},
	}
}

func (d *destinationsDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *destinationsDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config destinationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if !config.Hosts.IsNull() && !config.Cluster.IsNull() {
		resp.Diagnostics.Append(failed(explain.HostsAndCluster(), path.Root("cluster")))
	}
}

func (d *destinationsDataSource) Read(
	ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse,
) {
	var model destinationsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly("Migration Destinations")))
		return
	}
	if resp.Diagnostics.Append(checkHosts(d.fleet, model.Hosts, path.Root("hosts"))...); resp.Diagnostics.HasError() {
		return
	}
	among := fleet.Candidates{Hosts: namesIn(model.Hosts), Cluster: model.Cluster.ValueString()}
	model.Candidates = types.ListNull(types.ObjectType{AttrTypes: typesOf(candidateAttributes())})
	model.Rejected = types.MapNull(types.StringType)
	location, choice, err := d.fleet.Destinations(ctx, model.VM.ValueString(), among)
	if err != nil {
		resp.Diagnostics.Append(unresolved("Migration Destinations", err)...)
	} else {
		resp.Diagnostics.Append(locationWarnings(location)...)
		model.UUID, model.Host = types.StringValue(location.Domain.UUID), types.StringValue(location.Host)
		model.chosen(choice)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
	}
}

// chosen takes over which hosts there are.
func (m *destinationsModel) chosen(c placement.Choice) {
	candidates := []attr.Value{}
	for _, candidate := range c.Candidates {
		reasons := make([]attr.Value, len(candidate.Reasons))
		for i, r := range candidate.Reasons {
			reasons[i] = types.StringValue(explain.Reason(r))
		}
		candidates = append(candidates, types.ObjectValueMust(typesOf(candidateAttributes()), map[string]attr.Value{
			"host":    types.StringValue(candidate.Host),
			"score":   types.Float64Value(candidate.Score),
			"reasons": types.ListValueMust(types.StringType, reasons),
		}))
	}
	m.Candidates = types.ListValueMust(types.ObjectType{AttrTypes: typesOf(candidateAttributes())}, candidates)
	rejected := map[string]attr.Value{}
	for host, reason := range c.Rejected {
		rejected[host] = types.StringValue(explain.Rejected(reason))
	}
	m.Rejected = types.MapValueMust(types.StringType, rejected)
}

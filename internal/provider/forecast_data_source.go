package provider

import (
	"context"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
)

var (
	_ datasource.DataSourceWithConfigure      = (*forecastDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*forecastDataSource)(nil)
)

func newForecastDataSource() datasource.DataSource { return &forecastDataSource{} }

// forecastDataSource says what a move of a VM will be like.
type forecastDataSource struct{ providerData }

type forecastModel struct {
	policyModel
	VM          types.String `tfsdk:"vm"`
	Destination types.String `tfsdk:"destination"`
	MeasureFor  duration     `tfsdk:"measure_for"`
	UUID        types.String `tfsdk:"uuid"`
	Source      types.String `tfsdk:"source"`
	Verdict     types.String `tfsdk:"verdict"`
	Duration    types.Object `tfsdk:"duration_ms"`
	Downtime    types.Object `tfsdk:"downtime_ms"`
	Memory      types.Object `tfsdk:"memory_bytes"`
	Throttle    types.Object `tfsdk:"throttle_percent"`
	Basis       types.String `tfsdk:"basis"`
	Suggestions types.List   `tfsdk:"suggestions"`
}

// longestMeasurement bounds measure_for.
const longestMeasurement = 5 * time.Minute

func (d *forecastDataSource) Metadata(_ context.Context, req datasource.MetadataRequest,
	resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_migration_forecast"
}

// suggestionAttributes are the members of a suggestion.
func suggestionAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"field":   schema.StringAttribute{MarkdownDescription: "Field of the policy.", Computed: true},
		"value":   schema.StringAttribute{MarkdownDescription: "Value to give it, as text.", Computed: true},
		"verdict": schema.StringAttribute{MarkdownDescription: "Verdict with that value, as `verdict`.", Computed: true},
		"duration_ms": schema.Int64Attribute{
			MarkdownDescription: "Expected duration with that value, in milliseconds.",
			Computed:            true,
		},
	}
}

func (d *forecastDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := runAttributes()
	for _, f := range forecastFigures {
		attributes[f.name] = intervalAttribute(f.description + " Null where the verdict is `unknown`.")
	}
	maps.Copy(attributes, map[string]schema.Attribute{
		"vm": schema.StringAttribute{
			MarkdownDescription: vmDescription,
			Required:            true,
			Validators:          []validator.String{nameValidator{}},
		},
		"destination": schema.StringAttribute{
			MarkdownDescription: "Host to move the VM to: a key of `hosts` in the provider's configuration. Earlier moves " +
				"between it and the VM's host tell how fast the link is, where `bandwidth_mib_per_second` does not.",
			Optional:   true,
			Validators: []validator.String{nameValidator{}},
		},
		"measure_for": schema.StringAttribute{
			MarkdownDescription: "How long to measure how much memory the VM dirties, at most `\"5m\"`: over windows of 1, " +
				"2, 4 and 8 s as far as they fit, by samples of its pages (`virDomainStartDirtyRateCalc`). Less than " +
				"`\"1s\"` measures nothing. A VM is measured once per run, whoever asks, and never while a job runs on it. " +
				"Default: `\"15s\"`.",
			CustomType: durationType{},
			Optional:   true,
		},
		"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM.", Computed: true},
		"source": schema.StringAttribute{MarkdownDescription: "Host that the VM is on: a key of `hosts` in the " +
			"provider's configuration.", Computed: true},
		"verdict": schema.StringAttribute{MarkdownDescription: verdictDescription, Computed: true},
		"basis": schema.StringAttribute{MarkdownDescription: "Sentences that say what the forecast rests on, and what " +
			"is missing for one.", Computed: true},
		"suggestions": schema.ListNestedAttribute{
			MarkdownDescription: "Changes of the policy with which the move would end, or end with less harm to the guest, " +
				"each by itself.",
			Computed:     true,
			NestedObject: schema.NestedAttributeObject{Attributes: suggestionAttributes()},
		},
	})
	resp.Schema = schema.Schema{
		MarkdownDescription: "What a move of a VM would be like under its effective policy: whether it ends, how long it " +
			"takes, what it sends and what the guest feels of it, each with a lower and an upper bound. It moves nothing and " +
			"changes nothing. Reading it takes as long as it measures, in every plan. Disks that are copied are not part of it.",
		Attributes: attributes,
	}
}

func (d *forecastDataSource) Configure(_ context.Context, req datasource.ConfigureRequest,
	_ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *forecastDataSource) ValidateConfig(ctx context.Context, req datasource.ValidateConfigRequest,
	resp *datasource.ValidateConfigResponse,
) {
	var config forecastModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &config)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(config.validate()...)
	}
}

func (m forecastModel) validate() diag.Diagnostics {
	diags := validatePolicy(m.toPolicy())
	if length := m.MeasureFor.length(); length != nil && *length > longestMeasurement {
		diags.Append(failed(explain.MeasuredTooLong(longestMeasurement), path.Root("measure_for")))
	}
	return diags
}

func (d *forecastDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model forecastModel
	resp.Diagnostics.Append(getModel(ctx, req.Config, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly("Migration Forecast")))
		return
	}
	resp.Diagnostics.Append(model.validate()...) // values that were unknown in the validation
	destination := model.Destination.ValueString()
	if destination != "" {
		if err := d.fleet.Check(destination); err != nil {
			resp.Diagnostics.Append(diagnose("Find Host", err, path.Root("destination")))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	measureFor := fleet.DefaultMeasurement
	if length := model.MeasureFor.length(); length != nil {
		measureFor = *length
	}
	move := fleet.Move{VM: model.VM.ValueString(), Destination: destination, Policy: model.toPolicy()}
	resolution, made, err := d.fleet.Forecast(ctx, move, measureFor)
	model.foretold(made, err)
	if err != nil {
		resp.Diagnostics.Append(unresolved("Migration Forecast", err)...)
	} else {
		resp.Diagnostics.Append(locationWarnings(resolution.Location)...)
		model.UUID, model.Source = types.StringValue(resolution.Location.Domain.UUID),
			types.StringValue(resolution.Location.Host)
	}
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(setState(ctx, &resp.State, &model)...)
	}
}

// foretold takes over what was forecast; where nothing could be, for an error, all is null.
func (m *forecastModel) foretold(f fleet.Forecast, err error) {
	m.Duration, m.Downtime = intervalObject(f.DurationMS), intervalObject(f.DowntimeMS)
	m.Memory, m.Throttle = intervalObject(f.MemoryBytes), intervalObject(f.ThrottlePercent)
	of := types.ObjectType{AttrTypes: typesOf(suggestionAttributes())}
	m.Suggestions = types.ListNull(of)
	if err != nil {
		return
	}
	m.Verdict, m.Basis = types.StringValue(string(f.Verdict)), types.StringValue(explain.ForecastBasis(f))
	suggestions := []attr.Value{}
	for _, s := range f.Suggestions {
		suggestions = append(suggestions, suggestionObject(s, of.AttrTypes))
	}
	m.Suggestions = types.ListValueMust(of, suggestions)
}

func suggestionObject(s forecast.Suggestion, of map[string]attr.Type) types.Object {
	return types.ObjectValueMust(of, map[string]attr.Value{
		"field": types.StringValue(string(s.Field)), "value": types.StringValue(s.Value),
		"verdict":     types.StringValue(string(s.Forecast.Verdict)),
		"duration_ms": types.Int64Value(int64(s.Forecast.DurationMS.Expected)),
	})
}

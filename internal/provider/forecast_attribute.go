package provider

import (
	"math"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	datasourceschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
)

// The texts that moves and the data source share.
const (
	forecastDescription = "What is done about the forecast of the move, which the guide on forecasts explains: `off` " +
		"measures nothing and tells what the policy and the VM's history give; `warn` measures the VM for 15 s, in " +
		"each plan that has the move and before its start, and warns in the plan of a move that is forecast not to end " +
		"under its policy, or of which nothing can be forecast; `require` does that, and does not start the former. A VM " +
		"whose forecast is unknown is moved. Default: `off`."
	verdictDescription = "Whether the move ends, and by what means: `ends`, `ends_throttled` (auto-converge slows the " +
		"guest down), `ends_with_pause` (`on_timeout` pauses the guest), `needs_post_copy` (`on_timeout` switches to " +
		"post-copy), `does_not_end` (`on_timeout` aborts it) or `unknown`."
)

// forecastFigure is a figure of a forecast, by the name of its attribute; of is nil where there is none.
type forecastFigure struct {
	name, description string
	of                func(forecast.Forecast) *forecast.Interval
}

var forecastFigures = []forecastFigure{
	{
		"duration_ms", "Duration of the move, in milliseconds; of one that does not end, until it is aborted. At most " +
			"24 hours.", func(f forecast.Forecast) *forecast.Interval { return f.DurationMS },
	},
	{
		"downtime_ms", "Downtime of the guest in the switch-over, in milliseconds, with the time for which it is paused.",
		func(f forecast.Forecast) *forecast.Interval { return f.DowntimeMS },
	},
	{
		"memory_bytes", "Memory that is sent, in bytes.",
		func(f forecast.Forecast) *forecast.Interval { return f.MemoryBytes },
	},
	{
		"throttle_percent", "Highest auto-converge throttle, in percent of vCPU time.",
		func(f forecast.Forecast) *forecast.Interval { return f.ThrottlePercent },
	},
}

var intervalTypes = map[string]attr.Type{"low": types.Int64Type, "expected": types.Int64Type, "high": types.Int64Type}

// intervalObject is null where there is no figure.
func intervalObject(i *forecast.Interval) types.Object {
	if i == nil {
		return types.ObjectNull(intervalTypes)
	}
	whole := func(figure float64) attr.Value { return types.Int64Value(int64(math.Round(figure))) }
	return types.ObjectValueMust(intervalTypes, map[string]attr.Value{
		"low": whole(i.Low), "expected": whole(i.Expected), "high": whole(i.High),
	})
}

// The bounds of a figure.
var bounds = map[string]string{
	"low": "Lower bound.", "expected": "What is expected.", "high": "Upper bound.",
}

// intervalAttribute is a figure in a data source.
func intervalAttribute(description string) datasourceschema.Attribute {
	attributes := map[string]datasourceschema.Attribute{}
	for name, text := range bounds {
		attributes[name] = datasourceschema.Int64Attribute{MarkdownDescription: text, Computed: true}
	}
	return datasourceschema.SingleNestedAttribute{MarkdownDescription: description, Computed: true, Attributes: attributes}
}

// forecastAttribute is what a move by the resource does about its forecast.
func forecastAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: forecastDescription + " Changing only this moves nothing.",
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(string(fleet.ForecastOff)),
		Validators:          []validator.String{oneOf(fleet.Forecastings()...)},
	}
}

// lastForecastAttribute is what was forecast of the last move, in state.
func lastForecastAttribute() schema.SingleNestedAttribute {
	attributes := map[string]schema.Attribute{
		"verdict": schema.StringAttribute{MarkdownDescription: verdictDescription, Computed: true},
	}
	for _, f := range forecastFigures {
		figure := map[string]schema.Attribute{}
		for name, text := range bounds {
			figure[name] = schema.Int64Attribute{MarkdownDescription: text, Computed: true}
		}
		attributes[f.name] = schema.SingleNestedAttribute{
			MarkdownDescription: f.description, Computed: true,
			Attributes: figure,
		}
	}
	return schema.SingleNestedAttribute{
		MarkdownDescription: "What was forecast of the move before it started; null where that was unknown.",
		Computed:            true,
		Attributes:          attributes,
	}
}

// pastForecastAttribute is what was forecast of a move, in a data source.
func pastForecastAttribute() datasourceschema.Attribute {
	attributes := map[string]datasourceschema.Attribute{
		"verdict": datasourceschema.StringAttribute{MarkdownDescription: verdictDescription, Computed: true},
	}
	for _, f := range forecastFigures {
		attributes[f.name] = intervalAttribute(f.description)
	}
	return datasourceschema.SingleNestedAttribute{
		MarkdownDescription: "What was forecast of the move before it started; null where that was unknown.",
		Computed:            true,
		Attributes:          attributes,
	}
}

// lastForecastObject is null where nothing was forecast.
func lastForecastObject(f *forecast.Forecast) types.Object {
	of := typesOf(lastForecastAttribute().Attributes)
	if f == nil {
		return types.ObjectNull(of)
	}
	values := map[string]attr.Value{"verdict": types.StringValue(string(f.Verdict))}
	for _, figure := range forecastFigures {
		values[figure.name] = intervalObject(figure.of(*f))
	}
	return types.ObjectValueMust(of, values)
}

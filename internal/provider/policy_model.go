package provider

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// commonModel has the policy fields that every level writes alike.
type commonModel struct {
	AutoConvergeInitial   types.Int64          `tfsdk:"auto_converge_initial"`
	AutoConvergeIncrement types.Int64          `tfsdk:"auto_converge_increment"`
	CompressionCacheMiB   types.Int64          `tfsdk:"compression_cache_mib"`
	Bandwidth             types.Int64          `tfsdk:"bandwidth_mib_per_second"`
	MaxDowntimeMS         types.Int64          `tfsdk:"max_downtime_ms"`
	ParallelConnections   types.Int64          `tfsdk:"parallel_connections"`
	Timeout               timetypes.GoDuration `tfsdk:"timeout"`
	StallTimeout          timetypes.GoDuration `tfsdk:"stall_timeout"`
	OnTimeout             types.String         `tfsdk:"on_timeout"`
}

// levelModel is the policy of a cluster, a VM or a single move.
type levelModel struct {
	commonModel
	AutoConverge types.String `tfsdk:"auto_converge"`
	Compression  types.String `tfsdk:"compression"`
	PostCopy     types.String `tfsdk:"post_copy"`
	Encryption   types.String `tfsdk:"encryption"`
}

// globalModel is the policy of the global settings.
type globalModel struct {
	commonModel
	AutoConverge types.Bool `tfsdk:"auto_converge"`
	Compression  types.Bool `tfsdk:"compression"`
	PostCopy     types.Bool `tfsdk:"post_copy"`
	Encryption   types.Bool `tfsdk:"encryption"`
}

// toPolicy takes an unknown value for one that inherits, so that a
// configuration can be validated as far as it is known.
func (m levelModel) toPolicy() policy.Policy {
	p := m.commonModel.toPolicy()
	p.AutoConverge = fromSwitch(m.AutoConverge)
	p.Compression = fromSwitch(m.Compression)
	p.PostCopy = fromSwitch(m.PostCopy)
	p.Encryption = fromSwitch(m.Encryption)
	return p
}

func levelModelOf(p policy.Policy) levelModel {
	return levelModel{
		commonModel:  commonModelOf(p),
		AutoConverge: toSwitch(p.AutoConverge),
		Compression:  toSwitch(p.Compression),
		PostCopy:     toSwitch(p.PostCopy),
		Encryption:   toSwitch(p.Encryption),
	}
}

// toPolicy takes an unknown value for one that is left out.
func (m globalModel) toPolicy() policy.Policy {
	p := m.commonModel.toPolicy()
	p.AutoConverge = known(m.AutoConverge, m.AutoConverge.ValueBool)
	p.Compression = known(m.Compression, m.Compression.ValueBool)
	p.PostCopy = known(m.PostCopy, m.PostCopy.ValueBool)
	p.Encryption = known(m.Encryption, m.Encryption.ValueBool)
	return p
}

// globalModelOf shows a switch that a record leaves out as off, which is what
// it comes to.
func globalModelOf(p policy.Policy) globalModel {
	on := func(v *bool) types.Bool { return types.BoolValue(v != nil && *v) }
	return globalModel{
		commonModel:  commonModelOf(p),
		AutoConverge: on(p.AutoConverge),
		Compression:  on(p.Compression),
		PostCopy:     on(p.PostCopy),
		Encryption:   on(p.Encryption),
	}
}

func (m commonModel) toPolicy() policy.Policy {
	return policy.Policy{
		AutoConvergeInitial:   known(m.AutoConvergeInitial, m.AutoConvergeInitial.ValueInt64),
		AutoConvergeIncrement: known(m.AutoConvergeIncrement, m.AutoConvergeIncrement.ValueInt64),
		CompressionCacheMiB:   known(m.CompressionCacheMiB, m.CompressionCacheMiB.ValueInt64),
		BandwidthMiBPerSecond: known(m.Bandwidth, m.Bandwidth.ValueInt64),
		MaxDowntimeMS:         known(m.MaxDowntimeMS, m.MaxDowntimeMS.ValueInt64),
		ParallelConnections:   known(m.ParallelConnections, m.ParallelConnections.ValueInt64),
		Timeout:               fromDuration(m.Timeout),
		StallTimeout:          fromDuration(m.StallTimeout),
		OnTimeout:             known(m.OnTimeout, func() policy.OnTimeout { return policy.OnTimeout(m.OnTimeout.ValueString()) }),
	}
}

func commonModelOf(p policy.Policy) commonModel {
	return commonModel{
		AutoConvergeInitial:   types.Int64PointerValue(p.AutoConvergeInitial),
		AutoConvergeIncrement: types.Int64PointerValue(p.AutoConvergeIncrement),
		CompressionCacheMiB:   types.Int64PointerValue(p.CompressionCacheMiB),
		Bandwidth:             types.Int64PointerValue(p.BandwidthMiBPerSecond),
		MaxDowntimeMS:         types.Int64PointerValue(p.MaxDowntimeMS),
		ParallelConnections:   types.Int64PointerValue(p.ParallelConnections),
		Timeout:               toDuration(p.Timeout),
		StallTimeout:          toDuration(p.StallTimeout),
		OnTimeout:             types.StringPointerValue((*string)(p.OnTimeout)),
	}
}

// known is the value of an attribute that is neither null nor unknown.
func known[T any](v attr.Value, value func() T) *T {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	return new(value())
}

// fromSwitch reads inherit, true or false.
func fromSwitch(v types.String) *bool {
	switch v.ValueString() {
	case switchTrue:
		return new(true)
	case switchFalse:
		return new(false)
	default:
		return nil
	}
}

func toSwitch(v *bool) types.String {
	switch {
	case v == nil:
		return types.StringValue(inheritSwitch)
	case *v:
		return types.StringValue(switchTrue)
	default:
		return types.StringValue(switchFalse)
	}
}

// fromDuration takes a value that does not parse for one that is left out: the
// attribute's type has refused it already.
func fromDuration(v timetypes.GoDuration) *time.Duration {
	d, diags := v.ValueGoDuration()
	if diags.HasError() {
		return nil
	}
	return &d
}

func toDuration(d *time.Duration) timetypes.GoDuration {
	if d == nil {
		return timetypes.NewGoDurationNull()
	}
	return timetypes.NewGoDurationValueFromStringMust(policy.FormatDuration(*d))
}

// effectiveObject is an effective policy as an object with real booleans and
// numbers.
func effectiveObject(e policy.Effective) types.Object {
	values := map[string]attr.Value{}
	for _, d := range policy.Table() {
		values[string(d.Field)] = plainValue(d.Kind, d.Value(e.Policy))
	}
	return types.ObjectValueMust(effectiveTypes(), values)
}

// plainValue is a value of a policy field, or null, without a type of ours.
func plainValue(kind policy.Kind, value any) attr.Value {
	switch kind {
	case policy.Switch:
		v, ok := value.(bool)
		if !ok {
			return types.BoolNull()
		}
		return types.BoolValue(v)
	case policy.Number:
		v, ok := value.(int64)
		if !ok {
			return types.Int64Null()
		}
		return types.Int64Value(v)
	default:
		v, ok := value.(string)
		if !ok {
			return types.StringNull()
		}
		return types.StringValue(v)
	}
}

// originsMap names the level that decided each field.
func originsMap(e policy.Effective) types.Map {
	origins := make(map[string]attr.Value, len(e.Origins))
	for field, origin := range e.Origins {
		origins[string(field)] = types.StringValue(string(origin))
	}
	return types.MapValueMust(types.StringType, origins)
}

// validatePolicy reports every problem of a policy on the attribute at fault.
func validatePolicy(p policy.Policy, at path.Path) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, problem := range p.Validate() {
		diags.AddAttributeError(policyPath(at, problem.Field), "Invalid Migration Policy", problem.Text)
	}
	return diags
}

// policyPath is the attribute of a field; the empty path stands for a resource
// that has the policy at its top level.
func policyPath(at path.Path, field policy.Field) path.Path {
	if at.Equal(path.Empty()) {
		return path.Root(string(field))
	}
	return at.AtName(string(field))
}

// known tells whether every field has a value, or none, by now.
func (m commonModel) known() bool {
	return !slices.ContainsFunc([]attr.Value{
		m.AutoConvergeInitial, m.AutoConvergeIncrement, m.CompressionCacheMiB, m.Bandwidth, m.MaxDowntimeMS,
		m.ParallelConnections, m.Timeout, m.StallTimeout, m.OnTimeout,
	}, attr.Value.IsUnknown)
}

func (m levelModel) known() bool {
	return m.commonModel.known() && !slices.ContainsFunc([]attr.Value{m.AutoConverge, m.Compression, m.PostCopy, m.Encryption}, attr.Value.IsUnknown)
}

func (m globalModel) known() bool {
	return m.commonModel.known() && !slices.ContainsFunc([]attr.Value{m.AutoConverge, m.Compression, m.PostCopy, m.Encryption}, attr.Value.IsUnknown)
}

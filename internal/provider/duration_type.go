package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
)

var (
	_ basetypes.StringTypable                    = durationType{}
	_ basetypes.StringValuableWithSemanticEquals = durationValue{}
	_ xattr.ValidateableAttribute                = durationValue{}
	_ planmodifier.String                        = sameDuration{}
)

// durationType is a string attribute that holds a duration. Two spellings of the
// same length of time are equal, so state keeps the one the user chose.
type durationType struct{ basetypes.StringType }

// durationValue is a value of durationType.
type durationValue struct{ basetypes.StringValue }

func (durationType) String() string { return "durationType" }

func (t durationType) Equal(o attr.Type) bool {
	other, ok := o.(durationType)
	return ok && t.StringType.Equal(other.StringType)
}

func (durationType) ValueType(context.Context) attr.Value { return durationValue{} }

func (durationType) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return durationValue{in}, nil
}

func (t durationType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("unexpected value type %T", value)
	}
	return durationValue{text}, nil
}

func (durationValue) Type(context.Context) attr.Type { return durationType{} }

func (v durationValue) Equal(o attr.Value) bool {
	other, ok := o.(durationValue)
	return ok && v.StringValue.Equal(other.StringValue)
}

func (v durationValue) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(durationValue)
	if !ok {
		return false, nil
	}
	a, errA := policy.ParseDuration(v.ValueString())
	b, errB := policy.ParseDuration(other.ValueString())
	return errA == nil && errB == nil && a == b, nil
}

func (v durationValue) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := policy.ParseDuration(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Duration", explain.Sentence(err.Error()))
	}
}

// sameDuration is a plan modifier: another spelling of the duration in state is
// no change, so that one which was imported, or taken from a record, stays.
type sameDuration struct{}

func (sameDuration) Description(context.Context) string {
	return "Another spelling of the same duration is no change."
}

func (m sameDuration) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (sameDuration) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	planned, errPlanned := policy.ParseDuration(req.PlanValue.ValueString())
	present, errPresent := policy.ParseDuration(req.StateValue.ValueString())
	if errPlanned == nil && errPresent == nil && planned == present {
		resp.PlanValue = req.StateValue
	}
}

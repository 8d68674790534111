package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var (
	_ basetypes.StringTypable                    = durationType{}
	_ basetypes.StringValuableWithSemanticEquals = duration{}
	_ xattr.ValidateableAttribute                = duration{}
)

// durationType is the type of an attribute that is a duration of a policy. Spellings of one
// duration are equal.
type durationType struct{ basetypes.StringType }

// duration is a value of durationType.
type duration struct{ basetypes.StringValue }

func newDuration(text string) duration { return duration{basetypes.NewStringValue(text)} }

func (durationType) String() string { return "durationType" }

func (durationType) ValueType(context.Context) attr.Value { return duration{} }

func (durationType) Equal(other attr.Type) bool {
	_, ok := other.(durationType)
	return ok
}

func (durationType) ValueFromString(
	_ context.Context, v basetypes.StringValue,
) (basetypes.StringValuable, diag.Diagnostics) {
	return duration{v}, nil
}

func (t durationType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	v, _ := value.(basetypes.StringValue)
	return duration{v}, nil
}

func (v duration) Type(context.Context) attr.Type { return durationType{} }

func (v duration) Equal(other attr.Value) bool {
	o, ok := other.(duration)
	return ok && v.StringValue.Equal(o.StringValue)
}

// StringSemanticEquals tells whether two spellings are of one duration.
func (v duration) StringSemanticEquals(_ context.Context, other basetypes.StringValuable) (bool, diag.Diagnostics) {
	o, ok := other.(duration)
	return ok && v.same(o), nil
}

// same tells whether two known durations are equal.
func (v duration) same(o duration) bool {
	here, there := v.length(), o.length()
	return here != nil && there != nil && *here == *there
}

// length is nil for what is not a known duration.
func (v duration) length() *time.Duration {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	d, err := policy.ParseDuration(v.ValueString())
	if err != nil {
		return nil
	}
	return &d
}

// ValidateAttribute refuses what is no duration.
func (v duration) ValidateAttribute(
	_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse,
) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := policy.ParseDuration(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Duration", explain.Sentence(err.Error()))
	}
}

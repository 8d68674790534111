package provider

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var (
	_ basetypes.Int64Typable      = wholeNumberType{}
	_ basetypes.Int64Valuable     = wholeNumber{}
	_ xattr.ValidateableAttribute = wholeNumber{}
)

// wholeNumberType is the type of an attribute that is a whole number. The framework's own
// blames the provider for a fraction in a configuration.
type wholeNumberType struct{ basetypes.Int64Type }

// wholeNumber is a value of wholeNumberType.
type wholeNumber struct {
	basetypes.Int64Value

	// refused is a number that is no whole one, or too large for 64 bits; the value counts
	// as unknown then.
	refused string
}

func newWholeNumber(v int64) wholeNumber { return wholeNumber{Int64Value: basetypes.NewInt64Value(v)} }

func (wholeNumberType) String() string { return "wholeNumberType" }

func (wholeNumberType) ValueType(context.Context) attr.Value { return wholeNumber{} }

func (wholeNumberType) Equal(other attr.Type) bool {
	_, ok := other.(wholeNumberType)
	return ok
}

// Validate takes all numbers: ValidateAttribute says what is wrong with one.
func (wholeNumberType) Validate(context.Context, tftypes.Value, path.Path) diag.Diagnostics {
	return nil
}

func (wholeNumberType) ValueFromInt64(
	_ context.Context, v basetypes.Int64Value,
) (basetypes.Int64Valuable, diag.Diagnostics) {
	return wholeNumber{Int64Value: v}, nil
}

// Values that are made once, for the many attributes that are left out.
var nullNumber, unknownNumber attr.Value = wholeNumber{}, wholeNumber{Int64Value: basetypes.NewInt64Unknown()}

func (wholeNumberType) ValueFromTerraform(_ context.Context, in tftypes.Value) (attr.Value, error) {
	switch {
	case in.IsNull():
		return nullNumber, nil
	case !in.IsKnown():
		return unknownNumber, nil
	}
	var number *big.Float
	if err := in.As(&number); err != nil {
		return nil, err
	}
	whole, accuracy := number.Int64()
	if accuracy != big.Exact {
		return wholeNumber{basetypes.NewInt64Unknown(), number.Text('g', -1)}, nil
	}
	return newWholeNumber(whole), nil
}

func (v wholeNumber) Type(context.Context) attr.Type { return wholeNumberType{} }

func (v wholeNumber) Equal(other attr.Value) bool {
	o, ok := other.(wholeNumber)
	return ok && v.Int64Value.Equal(o.Int64Value) && v.refused == o.refused
}

// ValidateAttribute refuses what is no whole number of 64 bits.
func (v wholeNumber) ValidateAttribute(
	_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse,
) {
	if v.refused != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Number", v.refused+" "+isNot(req.Path))
	}
}

// isNot is what is said, after it, of a number that an attribute cannot have.
func isNot(attribute path.Path) string {
	for _, step := range attribute.Steps() {
		name, ok := step.(path.PathStepAttributeName)
		if !ok {
			continue
		}
		if d, ok := policy.DefinitionOf(string(name)); ok {
			return d.IsNot
		}
		if name == budgetName {
			return fmt.Sprintf("is not a whole number from 1 to %d.", policy.MaxBandwidthMiBPerSecond)
		}
	}
	return fmt.Sprintf("is not a whole number from 1 to %d.", fleet.MostMigrations) // all others limit migrations
}

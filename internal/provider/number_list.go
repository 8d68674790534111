package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

var (
	_ basetypes.ListTypable       = numberListType{}
	_ basetypes.ListValuable      = numberList{}
	_ xattr.ValidateableAttribute = numberList{}
)

// numberListType is the type of an attribute that is a list of whole numbers. The framework
// asks no element what is wrong with it.
type numberListType struct{ basetypes.ListType }

// numberList is a value of numberListType.
type numberList struct{ basetypes.ListValue }

func newNumberListType() numberListType {
	return numberListType{basetypes.ListType{ElemType: wholeNumberType{}}}
}

// noNumbers is made once, for the many attributes that are left out.
var noNumbers attr.Value = nullNumberList()

func nullNumberList() numberList { return numberList{basetypes.NewListNull(wholeNumberType{})} }

func newNumberList(numbers policy.Numbers) numberList {
	elements := make([]attr.Value, len(numbers))
	for i, n := range numbers {
		elements[i] = newWholeNumber(n)
	}
	return numberList{basetypes.NewListValueMust(wholeNumberType{}, elements)}
}

func (numberListType) String() string { return "numberListType" }

func (numberListType) ValueType(context.Context) attr.Value { return nullNumberList() }

func (numberListType) Equal(other attr.Type) bool {
	_, ok := other.(numberListType)
	return ok
}

func (numberListType) ValueFromList(
	_ context.Context, v basetypes.ListValue,
) (basetypes.ListValuable, diag.Diagnostics) {
	return numberList{v}, nil
}

func (t numberListType) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	if in.IsNull() {
		return noNumbers, nil
	}
	v, err := t.ListType.ValueFromTerraform(ctx, in)
	if list, ok := v.(basetypes.ListValue); ok {
		return numberList{list}, err
	}
	return v, err
}

func (v numberList) Type(context.Context) attr.Type { return newNumberListType() }

func (v numberList) Equal(other attr.Value) bool {
	o, ok := other.(numberList)
	return ok && v.ListValue.Equal(o.ListValue)
}

// numbers is the list, all of which is known; nil where it has a null, which ValidateAttribute
// refuses.
func (v numberList) numbers() any {
	numbers := policy.Numbers{}
	for _, element := range v.Elements() {
		n, ok := element.(wholeNumber)
		if !ok || n.IsNull() {
			return nil
		}
		numbers = append(numbers, n.ValueInt64())
	}
	return numbers
}

// ValidateAttribute refuses an element that is no whole number of 64 bits.
func (v numberList) ValidateAttribute(
	ctx context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse,
) {
	for _, element := range v.Elements() {
		n, ok := element.(wholeNumber)
		if ok && n.IsNull() {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid Number", "null "+isNot(req.Path))
			continue
		}
		n.ValidateAttribute(ctx, req, resp)
	}
}

package provider

import (
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// whollyKnown tells whether nothing in a value is unknown.
func whollyKnown(v attr.Value) bool {
	if v.IsUnknown() {
		return false
	}
	if v.IsNull() {
		return true
	}
	if v, ok := v.(types.Dynamic); ok {
		return v.IsUnderlyingValueNull() || whollyKnown(v.UnderlyingValue())
	}
	members, _ := membersOf(v)
	unknown := func(v attr.Value) bool { return !whollyKnown(v) }
	return !slices.ContainsFunc(slices.Collect(maps.Values(members)), unknown) &&
		!slices.ContainsFunc(elementsOf(v), unknown)
}

// membersOf are the members of an object or a map.
func membersOf(v attr.Value) (map[string]attr.Value, bool) {
	switch v := v.(type) {
	case types.Object:
		return v.Attributes(), true
	case types.Map:
		return v.Elements(), true
	}
	return nil, false
}

// elementsOf are the elements of a list, a set or a tuple.
func elementsOf(v attr.Value) []attr.Value {
	if v, ok := v.(interface{ Elements() []attr.Value }); ok {
		return v.Elements()
	}
	return nil
}

// namesIn are the known names of a set, sorted.
func namesIn(set types.Set) []string {
	var names []string
	for _, element := range set.Elements() {
		if name, ok := element.(types.String); ok && !name.IsUnknown() && !name.IsNull() {
			names = append(names, name.ValueString())
		}
	}
	slices.Sort(names)
	return names
}

// textMap is a map of texts.
func textMap[T ~string](texts map[string]T) types.Map {
	values := make(map[string]attr.Value, len(texts))
	for key, text := range texts {
		values[key] = types.StringValue(string(text))
	}
	return types.MapValueMust(types.StringType, values)
}

// textOrNull is null for an empty text.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// timeOrNull is null for the zero time.
func timeOrNull(at time.Time) types.String {
	if at.IsZero() {
		return types.StringNull()
	}
	return types.StringValue(at.UTC().Format(time.RFC3339))
}

// nullOf is null of a text, a bool, a whole number, a list, or a set of texts.
func nullOf(t attr.Type) attr.Value {
	switch t {
	case types.StringType:
		return types.StringNull()
	case types.BoolType:
		return types.BoolNull()
	case types.Int64Type:
		return types.Int64Null()
	}
	if list, ok := t.(types.ListType); ok {
		return types.ListNull(list.ElemType)
	}
	return types.SetNull(types.StringType)
}

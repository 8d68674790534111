package provider

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyArgument is an argument of a function that is the policy of one level: an object, or
// null for a level that says nothing. It is read as a record is.
type policyArgument struct {
	level    policy.Origin
	position int64
	value    types.Dynamic
}

// known tells whether nothing in the argument is unknown.
func (a policyArgument) known() bool { return whollyKnown(a.value) }

// policy is what the argument says. The error is on the argument.
func (a policyArgument) policy() (policy.Policy, *function.FuncError) {
	if a.value.IsNull() || a.value.IsUnderlyingValueNull() {
		return policy.Policy{}, nil
	}
	members, ok := membersOf(a.value.UnderlyingValue())
	if !ok {
		return policy.Policy{}, a.refuse(explain.NoPolicy(kindOf(a.value.UnderlyingValue())))
	}
	var p policy.Policy
	for _, name := range slices.Sorted(maps.Keys(members)) {
		d, ok := policy.DefinitionOf(name)
		if !ok {
			return policy.Policy{}, a.refuse(explain.UnknownField(name))
		}
		plain := plainValue(members[name])
		if plain == nil {
			continue
		}
		if !d.At(a.level) {
			return policy.Policy{}, a.refuse(explain.NotOnLevel(d))
		}
		raw, err := json.Marshal(plain)
		if err == nil {
			err = d.Decode(&p, raw)
		}
		if err != nil {
			return policy.Policy{}, a.refuse(explain.InvalidField(policy.Problem{Field: d.Field, Text: err.Error()}))
		}
	}
	for _, problem := range p.Validate() {
		return policy.Policy{}, a.refuse(explain.InvalidField(problem))
	}
	return p, nil
}

func (a policyArgument) refuse(text string) *function.FuncError {
	return badArgument(a.position, text)
}

// badArgument is an error of an argument. Terraform ends it with a full stop of its own.
func badArgument(position int64, text string) *function.FuncError {
	return function.NewArgumentFuncError(position, strings.TrimSuffix(text, "."))
}

// plainValue is a value as JSON has it; nil for null.
func plainValue(v attr.Value) any {
	if v.IsNull() {
		return nil
	}
	switch v := v.(type) {
	case types.Dynamic:
		return plainValue(v.UnderlyingValue())
	case types.Bool:
		return v.ValueBool()
	case types.String:
		return v.ValueString()
	case types.Number:
		return json.Number(v.ValueBigFloat().Text('f', -1))
	}
	if members, ok := membersOf(v); ok {
		plain := map[string]any{}
		for name, member := range members {
			plain[name] = plainValue(member)
		}
		return plain
	}
	plain := []any{}
	for _, element := range elementsOf(v) {
		plain = append(plain, plainValue(element))
	}
	return plain
}

// kindOf names the type of a value that is no policy.
func kindOf(v attr.Value) string {
	switch v.(type) {
	case types.String:
		return "a string"
	case types.Number:
		return "a number"
	case types.Bool:
		return "a bool"
	}
	return "a list"
}

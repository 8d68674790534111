package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// NoPolicy is what an operator reads of an argument of a function that is no policy at all.
// kind is the type that it has.
func NoPolicy(kind string) string {
	return fmt.Sprintf("A policy is an object with policy fields, such as { auto_converge = true }, or null. This is %s.",
		kind)
}

// UnknownField is what an operator reads of a key that is no policy field.
func UnknownField(name string) string {
	text := fmt.Sprintf("%q is no policy field.", name)
	if nearest, ok := policy.Nearest(name); ok {
		return text + fmt.Sprintf(" The nearest is %q.", string(nearest))
	}
	return text + fmt.Sprintf(" The fields are %s.", fieldNames())
}

func fieldNames() string {
	var names string
	for i, field := range policy.Fields() {
		if i > 0 {
			names += ", "
		}
		names += string(field)
	}
	return names
}

// NotOnLevel is what an operator reads of a field that the level of its argument cannot set.
func NotOnLevel(d policy.Definition) string {
	resources := make([]string, len(d.Levels))
	for i, level := range d.Levels {
		resources[i] = policyTypes[level]
	}
	return fmt.Sprintf("%s cannot be set on this level. It is a field of %s.", d.Field, strings.Join(resources, ", "))
}

// InvalidField is what an operator reads of the value of a field in an argument.
func InvalidField(p policy.Problem) string {
	text := fullStop(p.Text)
	if strings.HasPrefix(text, string(p.Field)+" ") {
		return text
	}
	return string(p.Field) + ": " + text
}

// InvalidRecord is what an operator reads of a text that is no record.
func InvalidRecord(err error) string { return Sentence(err.Error()) }

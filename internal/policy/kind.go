package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a field's values. Each has one type of JSON in records
// and one type of attribute in Terraform.
type Kind string

// The kinds of fields.
const (
	// Switch is true or false.
	Switch Kind = "switch"
	// Number is a whole number, an int64.
	Number Kind = "number"
	// Duration is a text such as "30m"; FormatDuration has its canonical form.
	Duration Kind = "duration"
	// Word is one of a few texts.
	Word Kind = "word"
	// Name is a text that people choose.
	Name Kind = "name"
	// NumberList is a list of whole numbers, a Numbers.
	NumberList Kind = "list of numbers"
)

// Numbers is a list of whole numbers. Nobody changes one that a policy points to.
type Numbers []int64

// String is the list as a configuration has it, such as "[100, 200]".
func (n Numbers) String() string {
	texts := make([]string, len(n))
	for i, v := range n {
		texts[i] = strconv.FormatInt(v, 10)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// kind converts values of the type T of a member of Policy to and from the
// plain type P, which JSON and Terraform have, too.
type kind[T, P any] struct {
	kind  Kind
	json  jsonForm[P]
	plain func(T) P
	typed func(P) (T, error)
	equal func(a, b T) bool
}

var (
	boolean = kind[bool, bool]{
		kind: Switch, json: boolForm,
		plain: itself[bool], typed: unchecked[bool], equal: same[bool],
	}
	integer = kind[int64, int64]{
		kind: Number, json: numberForm,
		plain: itself[int64], typed: unchecked[int64], equal: same[int64],
	}
	numberList = kind[Numbers, Numbers]{
		kind: NumberList, json: listForm,
		plain: itself[Numbers], typed: unchecked[Numbers],
		equal: func(a, b Numbers) bool { return slices.Equal(a, b) },
	}
	name = kind[string, string]{
		kind: Name, json: textForm("a name in quotes"),
		plain: itself[string], typed: unchecked[string], equal: same[string],
	}
	duration = kind[time.Duration, string]{
		kind: Duration, json: textForm("a duration in quotes"),
		plain: FormatDuration, typed: ParseDuration, equal: same[time.Duration],
	}
)

// word is the kind of a type that has a few words as values.
func word[T ~string]() kind[T, string] {
	return kind[T, string]{
		kind: Word, json: textForm("a word in quotes"),
		plain: func(v T) string { return string(v) },
		typed: func(v string) (T, error) { return T(v), nil },
		equal: same[T],
	}
}

func itself[T any](v T) T                { return v }
func unchecked[T any](v T) (T, error)    { return v, nil }
func same[T comparable](a, b T) bool     { return a == b }
func is[T comparable](v *T, want T) bool { return v != nil && *v == want }

// abbreviate keeps foreign text short in a message.
func abbreviate(text string) string {
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

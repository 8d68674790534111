package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// jsonForm is how a record holds the values of a plain type. JSON's null is no value: a
// field that inherits is absent from a record.
type jsonForm[P any] struct {
	// want says what a record has to hold.
	want string
	// parse reads a JSON value that encoding/json has found to be valid; ok is false for
	// one of another form. Reading each member by encoding/json again would take twice the
	// time of the whole.
	parse func(raw []byte) (v P, ok bool)
}

var (
	boolForm = jsonForm[bool]{"true or false", func(raw []byte) (bool, bool) {
		yes := string(raw) == "true"
		return yes, yes || string(raw) == "false"
	}}
	numberForm = jsonForm[int64]{"a whole number", func(raw []byte) (int64, bool) {
		n, err := strconv.ParseInt(string(raw), 10, 64)
		return n, err == nil
	}}
	listForm = jsonForm[Numbers]{"a list of whole numbers", func(raw []byte) (Numbers, bool) {
		var elements []json.RawMessage
		if raw[0] != '[' || json.Unmarshal(raw, &elements) != nil {
			return nil, false
		}
		numbers := make(Numbers, len(elements))
		for i, element := range elements {
			n, ok := numberForm.parse(element)
			if !ok {
				return nil, false
			}
			numbers[i] = n
		}
		return numbers, true
	}}
)

// textForm is that of a text; want says which.
func textForm(want string) jsonForm[string] {
	return jsonForm[string]{want, func(raw []byte) (text string, ok bool) {
		switch {
		case raw[0] != '"':
			return "", false
		case bytes.IndexByte(raw, '\\') < 0:
			return string(raw[1 : len(raw)-1]), true
		}
		return text, json.Unmarshal(raw, &text) == nil
	}}
}

// read is the value in a record.
func (f jsonForm[P]) read(raw json.RawMessage) (P, error) {
	v, ok := f.parse(raw)
	if !ok {
		return v, fmt.Errorf("must be %s, not %s", f.want, abbreviate(string(raw)))
	}
	return v, nil
}

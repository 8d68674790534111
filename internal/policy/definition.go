package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// NotSet stands for a field that a level does not set, in words for people.
const NotSet = "not set"

// Definition is everything about one field.
type Definition struct {
	Field Field
	Kind  Kind
	// Summary says in Markdown, without a full stop, what the field does;
	// Details are further sentences, or nothing.
	Summary, Details string
	// Values says in Markdown which values are valid, and Unset what holds where
	// no level sets the field.
	Values, Unset string
	// IsNot is what is said, after it, of a number that is not valid; empty of another kind.
	IsNot string
	// Tunes is the field of the feature that this one tunes, or nothing. While
	// the feature is off, this field is dormant.
	Tunes Field
	// Engine is true for a field that the engine itself applies: libvirt has no flag and
	// no migration parameter for it.
	Engine bool
	// Placement is true for a field that says where the VM is to be: whoever empties hosts or
	// chooses them heeds it, and a move does not.
	Placement bool
	// Levels are those that may set the field; none stands for all.
	Levels []Origin

	needs Release
	typedField
}

// typedField is what can be done with a field, whatever the type of its values. Policies
// are passed by reference: each would be copied to the heap.
type typedField struct {
	isSet func(*Policy) bool
	equal func(a, b *Policy) bool
	// decide sets the field in dst to what the first level has that sets it, and returns
	// which one that is; -1 where none does.
	decide func(dst *Policy, levels []*Policy) int
	// plain is the value as a bool, an int64, a string or Numbers.
	plain func(*Policy) any
	set   func(*Policy, any) error
	clear func(*Policy)
	// decode sets the value that a record holds.
	decode func(*Policy, json.RawMessage) error
	// problem says what is wrong with the value, or nothing.
	problem func(*Policy) string
	// conflicts are the contradictions between the value and others in the same policy.
	conflicts func(*Policy) []contradiction
	// idle tells whether the rest of the policy leaves the field without effect.
	idle func(*Policy) bool
	// tell is what libvirt is told of the value.
	tell func(*Policy) Parameters
	// builtIn sets the built-in default, if there is one.
	builtIn func(*Policy)
}

// Table lists the definitions of all fields, in the order of Fields.
func Table() []Definition { return append([]Definition(nil), table...) }

// DefinitionOf is that of a field, by its name; false where there is none.
func DefinitionOf(name string) (Definition, bool) {
	i := indexOf(Field(name))
	if i < 0 {
		return Definition{}, false
	}
	return table[i], true
}

// indexOf is where a field is in the table; -1 where it is not.
func indexOf(field Field) int {
	for i := range table {
		if table[i].Field == field {
			return i
		}
	}
	return -1
}

// Description describes the field in sentences, in Markdown.
func (d Definition) Description() string {
	text := d.Summary
	if !strings.HasSuffix(text, "?") {
		text += "."
	}
	if d.Details != "" {
		text += " " + d.Details
	}
	if needs := d.needs.String(); needs != "" {
		text += " Needs " + needs + "."
	}
	return fmt.Sprintf("%s Values: %s. Where no level sets it: %s.", text, d.Values, d.Unset)
}

// Value is the field's value in a policy: a bool, an int64, Numbers, or a string for a
// duration, a word or a name; nil where it inherits.
func (d Definition) Value(p Policy) any {
	if !d.isSet(&p) {
		return nil
	}
	return d.plain(&p)
}

// Set gives the field a value as Value returns it. It does not validate; the
// error tells of a value of the wrong type, or of a text that is no duration.
func (d Definition) Set(p *Policy, value any) error { return d.set(p, value) }

// Decode gives the field a value as a record holds it. It does not validate; the error says
// what the field has to be.
func (d Definition) Decode(p *Policy, raw json.RawMessage) error { return d.decode(p, raw) }

// At tells whether a level may set the field.
func (d *Definition) At(level Origin) bool {
	return len(d.Levels) == 0 || slices.Contains(d.Levels, level)
}

// text is the value as a record holds it, or NotSet.
func (d *Definition) text(p *Policy) string {
	if !d.isSet(p) {
		return NotSet
	}
	return fmt.Sprint(d.plain(p))
}

// check is the field's problem as an error that names the field.
func (d *Definition) check(p *Policy) error {
	if text := d.problem(p); text != "" {
		return fmt.Errorf("%s: %s", d.Field, strings.ToLower(text[:1])+strings.TrimSuffix(text[1:], "."))
	}
	return nil
}

// asks tells whether a policy sets the field to a value that asks for something.
// Every value that libvirt is not told of is heeded by others.
func (d *Definition) asks(p *Policy) bool {
	return d.isSet(p) && (d.Engine || d.Placement || !d.tell(p).Empty())
}

// switchedOff tells whether a policy says that the feature of this field is not
// to be used. One that says nothing does not.
func (d *Definition) switchedOff(p *Policy) bool { return d.isSet(p) && !d.asks(p) }

// dormant tells whether the field has no effect in a policy that decides everything:
// what it tunes is off or dormant itself, or nothing ever uses it.
func (d *Definition) dormant(p *Policy) bool {
	if d.idle(p) {
		return true
	}
	if d.Tunes == "" {
		return false
	}
	feature := definition(d.Tunes)
	return feature.switchedOff(p) || feature.dormant(p)
}

// definition is that of a field of the table.
func definition(field Field) *Definition {
	i := indexOf(field)
	if i < 0 {
		panic(fmt.Sprintf("policy: no field %q", string(field))) // an error in the table itself
	}
	return &table[i]
}

// entry is one line of the table, for a field whose values have the type T.
type entry[T any] struct {
	field            Field
	summary, details string
	values           values[T]
	// builtIn is the built-in default. Without one nothing is sent, and unset
	// names what QEMU or libvirt does then.
	builtIn *T
	unset   string
	tunes   Field
	// conflicts are those that the value may have with others in the same policy.
	conflicts []conflict
	// idle tells whether the rest of the policy leaves the field without effect.
	idle func(Policy) bool
	// libvirt is what libvirt is told of a value, and libvirtBy the same where the rest of
	// the policy decides how; engine is true for a field that the engine itself heeds;
	// preset is true for a name of values of other fields, which Policy.Expanded puts in its
	// place; placement is true for a field on which only the choice of hosts depends. An entry
	// has one of the five.
	libvirt   func(T) Parameters
	libvirtBy func(T, Policy) Parameters
	engine    bool
	preset    bool
	placement bool
	// levels are those that may set the field; none stands for all.
	levels []Origin
	// needs is what hosts need while libvirt is told of the field.
	needs Release
}

// conflict says how the value of the field against in the same policy contradicts the
// field's own, or nothing.
type conflict struct {
	against Field
	says    func(Policy) string
}

// contradiction is a conflict that a policy has.
type contradiction struct {
	against Field
	text    string
}

// effects counts the ways in which the entry has an effect.
func (e entry[T]) effects() int {
	count := 0
	for _, given := range []bool{e.libvirt != nil, e.libvirtBy != nil, e.engine, e.preset, e.placement} {
		if given {
			count++
		}
	}
	return count
}

// tell is what libvirt is told of a value in a policy.
func (e entry[T]) tell(v T, p *Policy) Parameters {
	switch {
	case e.libvirt != nil:
		return e.libvirt(v)
	case e.libvirtBy != nil:
		return e.libvirtBy(v, *p)
	}
	return Parameters{}
}

// define makes a line of the table; member is where Policy holds the value. An
// entry without an effect, or with two, is a slip in the table.
func define[T, P any](k kind[T, P], member func(*Policy) **T, e entry[T]) Definition {
	if e.effects() != 1 {
		panic(fmt.Sprintf("policy: the entry of %s needs one of libvirt, libvirtBy, engine, preset and placement", e.field))
	}
	d := Definition{
		Field: e.field, Kind: k.kind, Summary: e.summary, Details: e.details, Values: e.values.text, Unset: e.unset,
		IsNot: e.values.isNot, Tunes: e.tunes, Engine: e.engine, Placement: e.placement, Levels: e.levels, needs: e.needs,
		typedField: access(k, member),
	}
	d.problem = func(p *Policy) string {
		if v := *member(p); v != nil && e.values.problem != nil {
			return e.values.problem(*v)
		}
		return ""
	}
	d.conflicts = func(p *Policy) []contradiction {
		var found []contradiction
		for _, c := range e.conflicts {
			if text := c.says(*p); text != "" {
				found = append(found, contradiction{c.against, text})
			}
		}
		return found
	}
	d.idle = func(p *Policy) bool { return e.idle != nil && e.idle(*p) }
	d.tell = func(p *Policy) Parameters {
		if v := *member(p); v != nil {
			return e.tell(*v, p)
		}
		return Parameters{}
	}
	d.builtIn = func(*Policy) {}
	if e.builtIn != nil {
		d.Unset = fmt.Sprintf("`%v`", k.plain(*e.builtIn))
		d.builtIn = func(p *Policy) { *member(p) = new(*e.builtIn) }
	}
	return d
}

// access is what depends only on the type of a field's values.
func access[T, P any](k kind[T, P], member func(*Policy) **T) typedField {
	set := func(p *Policy, plain P) error {
		v, err := k.typed(plain)
		if err == nil {
			*member(p) = &v
		}
		return err
	}
	return typedField{
		isSet: func(p *Policy) bool { return *member(p) != nil },
		equal: func(a, b *Policy) bool {
			x, y := *member(a), *member(b)
			return x == y || x != nil && y != nil && k.equal(*x, *y)
		},
		decide: func(dst *Policy, levels []*Policy) int {
			for i, level := range levels {
				if v := *member(level); v != nil {
					*member(dst) = v
					return i
				}
			}
			return -1
		},
		plain: func(p *Policy) any { return k.plain(**member(p)) },
		set: func(p *Policy, v any) error {
			plain, ok := v.(P)
			if !ok {
				return fmt.Errorf("%T is not %T", v, plain)
			}
			return set(p, plain)
		},
		clear: func(p *Policy) { *member(p) = nil },
		decode: func(p *Policy, raw json.RawMessage) error {
			plain, err := k.json.read(raw)
			if err != nil {
				return err
			}
			return set(p, plain)
		},
	}
}

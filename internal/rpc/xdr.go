package rpc

import (
	"encoding/binary"
	"reflect"

	"github.com/digitalocean/go-libvirt"
)

// layout is how a value is encoded in libvirt's protocol (XDR, RFC 4506), enough to
// find its end.
type layout interface {
	// skip returns what comes after a value; ok tells whether the value is whole.
	skip(b []byte) (rest []byte, ok bool)
}

// holds tells whether b begins with a whole value.
func holds(l layout, b []byte) bool {
	_, ok := l.skip(b)
	return ok
}

// fixed is a value that takes this number of bytes.
type fixed uint64

func (n fixed) skip(b []byte) ([]byte, bool) {
	if uint64(n) > uint64(len(b)) {
		return nil, false
	}
	return b[n:], true
}

// padded is the space that n bytes take.
func padded(n uint64) fixed { return fixed((n + 3) &^ 3) }

// opaque is text or bytes, after their number.
type opaque struct{}

func (opaque) skip(b []byte) ([]byte, bool) {
	n, b, ok := skipWord(b)
	if !ok {
		return nil, false
	}
	return padded(uint64(n)).skip(b)
}

// sequence is values of different kinds.
type sequence []layout

func (s sequence) skip(b []byte) (rest []byte, ok bool) {
	ok = true
	for i := 0; i < len(s) && ok; i++ {
		b, ok = s[i].skip(b)
	}
	return b, ok
}

// list is values of one kind, after their number. Each takes at least one byte.
type list struct{ element layout }

func (l list) skip(b []byte) (rest []byte, ok bool) {
	n, b, ok := skipWord(b)
	for ; n > 0 && ok; n-- {
		b, ok = l.element.skip(b)
	}
	return b, ok
}

// typedParameter is a remote_typed_param: a name, the number of a type and a value of
// that type.
type typedParameter struct{}

// typedValues are the values of a typed parameter by the number of their type
// (virTypedParameterType).
var typedValues = map[uint32]layout{
	1: fixed(4), 2: fixed(4), // int, unsigned int
	3: fixed(8), 4: fixed(8), // long long, unsigned long long
	5: fixed(8), 6: fixed(4), // double, boolean
	7: opaque{},
}

func (typedParameter) skip(b []byte) ([]byte, bool) {
	b, ok := opaque{}.skip(b)
	if !ok {
		return nil, false
	}
	kind, b, ok := skipWord(b)
	value, known := typedValues[kind]
	if !ok || !known {
		return nil, false
	}
	return value.skip(b)
}

func skipWord(b []byte) (word uint32, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	return binary.BigEndian.Uint32(b), b[4:], true
}

// layoutOf is the layout of a type of the client library.
func layoutOf(t reflect.Type) layout {
	switch t.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fixed(4)
	case reflect.Int64, reflect.Uint64:
		return fixed(8)
	case reflect.String:
		return opaque{}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return opaque{}
		}
		return list{layoutOf(t.Elem())}
	case reflect.Array: // a UUID is the only one
		return padded(uint64(t.Len()))
	case reflect.Struct:
		if t == reflect.TypeFor[libvirt.TypedParam]() {
			return typedParameter{}
		}
		var fields sequence
		for f := range t.Fields() {
			fields = append(fields, layoutOf(f.Type))
		}
		return fields
	default:
		panic("no layout for " + t.String())
	}
}

// decoder reads what a daemon encoded. It keeps its first error.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) take(n uint32) []byte {
	if d.err == nil && uint64(n) > uint64(len(d.rest)) {
		d.err = &ProtocolError{Reason: "malformed reply to the login"}
	}
	if d.err != nil {
		return nil
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) word() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) words() []uint32 {
	var words []uint32
	for n := d.word(); n > 0 && d.err == nil; n-- {
		words = append(words, d.word())
	}
	return words
}

func (d *decoder) text() string {
	n := d.word()
	text := d.take(n)
	d.take(-n % 4)
	return string(text)
}

// chars are bytes that take four bytes each.
func (d *decoder) chars() []byte {
	var chars []byte
	for n := d.word(); n > 0 && d.err == nil; n-- {
		chars = append(chars, byte(d.word()))
	}
	return chars
}

func appendWord(b []byte, word uint32) []byte { return binary.BigEndian.AppendUint32(b, word) }

func appendText(b []byte, text string) []byte {
	b = append(appendWord(b, uint32(len(text))), text...)
	return append(b, make([]byte, -uint(len(text))%4)...)
}

func appendChars(b, chars []byte) []byte {
	b = appendWord(b, uint32(len(chars)))
	for _, c := range chars {
		b = appendWord(b, uint32(c))
	}
	return b
}

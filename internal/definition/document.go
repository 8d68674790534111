package definition

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// span is a part of a text, by its bytes.
type span struct{ start, end int }

// element is an element of a document, and where it is in its text. Names in a namespace are
// not libvirt's, and have none here.
type element struct {
	name       string
	attributes []xml.Attr
	// tag is the start tag, and body what is between it and the end tag; empty for a tag that
	// ends itself.
	tag, body span
	text      string
	children  []*element
}

// parse reads a document. libvirt writes UTF-8 without a declaration.
func parse(document string) (*element, error) {
	decoder := xml.NewDecoder(strings.NewReader(document))
	var root *element
	var open []*element
	for {
		start := int(decoder.InputOffset())
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return root, nil
		case err != nil:
			return nil, fmt.Errorf("the definition cannot be parsed: %w", err)
		}
		end := int(decoder.InputOffset())
		switch t := token.(type) {
		case xml.StartElement:
			e := &element{attributes: slices.Clone(t.Attr), tag: span{start, end}, body: span{end, end}}
			if t.Name.Space == "" {
				e.name = t.Name.Local
			}
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
			case root != nil:
				return nil, errors.New("the definition cannot be parsed: it has two roots")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open[len(open)-1].body.end = start
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text += string(t)
			}
		}
	}
}

// all are the children of a name; of no element there are none.
func (e *element) all(name string) []*element {
	var found []*element
	if e != nil {
		for _, c := range e.children {
			if c.name == name {
				found = append(found, c)
			}
		}
	}
	return found
}

// first is the first child of a name; nil where there is none.
func (e *element) first(name string) *element {
	if found := e.all(name); len(found) > 0 {
		return found[0]
	}
	return nil
}

// attribute is the value of an attribute; empty where there is none.
func (e *element) attribute(name string) string {
	if e != nil {
		for _, a := range e.attributes {
			if a.Name.Space == "" && a.Name.Local == name {
				return a.Value
			}
		}
	}
	return ""
}

// editor collects edits of a text.
type editor struct {
	text  string
	edits []edit
}

type edit struct {
	span
	text string
}

// setAttribute changes the value of an attribute, adds it where there is none, and removes it
// for an empty value.
func (e *editor) setAttribute(of *element, name, value string) {
	whole, inner, found := e.find(of, name)
	switch {
	case found && value == "":
		e.edits = append(e.edits, edit{whole, ""})
	case found:
		e.edits = append(e.edits, edit{inner, escape(value)})
	case value != "":
		at := of.tag.start + len(tagName(e.text[of.tag.start:of.tag.end]))
		e.edits = append(e.edits, edit{span{at, at}, " " + name + "='" + escape(value) + "'"})
	}
}

// setText changes all that is in an element.
func (e *editor) setText(of *element, value string) {
	e.edits = append(e.edits, edit{of.body, escape(value)})
}

const blanks = " \t\r\n"

// tagName is the beginning of a start tag up to the end of the name: "<" and the name.
func tagName(tag string) string {
	if i := strings.IndexAny(tag, blanks+"/>"); i >= 0 {
		return tag[:i]
	}
	return tag
}

// find is where an attribute is: with the blanks before it, and what is between its quotes.
// The tag was parsed: names are followed by "=" and a value in quotes.
func (e *editor) find(of *element, name string) (whole, inner span, found bool) {
	tag := e.text[of.tag.start:of.tag.end]
	for at := len(tagName(tag)); ; {
		rest := strings.TrimLeft(tag[at:], blanks)
		equals := strings.IndexByte(rest, '=')
		if equals < 0 || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, ">") {
			return span{}, span{}, false
		}
		value := strings.TrimLeft(rest[equals+1:], blanks)
		length := strings.IndexByte(value[1:], value[0])
		opening := len(tag) - len(value)
		closing := opening + 1 + length
		if strings.TrimRight(rest[:equals], blanks) == name {
			start := of.tag.start
			return span{start + at, start + closing + 1}, span{start + opening + 1, start + closing}, true
		}
		at = closing + 1
	}
}

// result is the text with all edits.
func (e *editor) result() string {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	for _, edit := range e.edits {
		b.WriteString(e.text[at:edit.start])
		b.WriteString(edit.text)
		at = edit.end
	}
	b.WriteString(e.text[at:])
	return b.String()
}

// escape writes a value as libvirt does, in single quotes or as text.
func escape(value string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&apos;", `"`, "&quot;").Replace(value)
}

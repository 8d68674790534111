package host

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// The XML namespaces of the elements that this provider keeps in a domain's metadata.
const (
	// MetadataURI is that of the VM's policy record.
	MetadataURI = "urn:virt:migration-policy:1"
	// HistoryURI is that of the history of its moves.
	HistoryURI = "urn:virt:migration-history:1"
)

// metadataElement is an element of a domain's metadata that holds a JSON document.
type metadataElement struct {
	// name is the element's, key the prefix that libvirt gives it, and uri its namespace.
	name, key, uri string
}

var (
	policyElement  = metadataElement{name: "migration-policy", key: "virt", uri: MetadataURI}
	historyElement = metadataElement{name: "migration-history", key: "virth", uri: HistoryURI}
)

// encode wraps a document for libvirt. libvirt adds the namespace itself, and would change
// an element that has one.
func (e metadataElement) encode(json string) (string, error) {
	var b bytes.Buffer
	b.WriteString("<" + e.name + ">")
	if err := xml.EscapeText(&b, []byte(json)); err != nil {
		return "", err
	}
	b.WriteString("</" + e.name + ">")
	return b.String(), nil
}

// decode unwraps a document. It returns an element that is not one unchanged: parsing it
// as JSON fails, and the error shows it.
func (e metadataElement) decode(element string) string {
	var text strings.Builder
	d := xml.NewDecoder(strings.NewReader(element))
	depth := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			return element
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			if depth > 1 || t.Name.Local != e.name {
				return element
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 1 {
				text.Write(t)
			}
		}
	}
}

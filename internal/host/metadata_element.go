package host

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// The element of a domain's metadata that holds its record.
const (
	// MetadataURI is the XML namespace of the record's element.
	MetadataURI     = "urn:virt:migration-policy:1"
	metadataKey     = "virt"
	metadataElement = "migration-policy"
)

// encodeElement wraps a record for libvirt. libvirt adds the namespace itself, and would
// change an element that has one.
func encodeElement(json string) (string, error) {
	var b bytes.Buffer
	b.WriteString("<" + metadataElement + ">")
	if err := xml.EscapeText(&b, []byte(json)); err != nil {
		return "", err
	}
	b.WriteString("</" + metadataElement + ">")
	return b.String(), nil
}

// decodeElement unwraps a record. It returns an element that is not a record unchanged:
// parsing it as JSON fails, and the error shows it.
func decodeElement(element string) string {
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
			if depth > 1 || t.Name.Local != metadataElement {
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

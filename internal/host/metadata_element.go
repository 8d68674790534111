package host

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Where a domain's record lives in its metadata.
const (
	// MetadataURI is the XML namespace of the record's element.
	MetadataURI     = "urn:virt:migration-policy:1"
	metadataKey     = "virt"
	metadataElement = "migration-policy"
)

// encodeElement wraps a record for libvirt, which adds the namespace itself; a
// body with one of its own would come back changed.
func encodeElement(json string) (string, error) {
	var b bytes.Buffer
	b.WriteString("<" + metadataElement + ">")
	if err := xml.EscapeText(&b, []byte(json)); err != nil {
		return "", err
	}
	b.WriteString("</" + metadataElement + ">")
	return b.String(), nil
}

// decodeElement unwraps what libvirt returned. An element that is not of our
// shape comes back as it is: its markup is no JSON, so that whoever parses
// records reports it, and a person sees what is there.
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

package lab

import "libvirt.org/go/libvirtxml"

// OtherMetadata is what another program than the provider might keep in a guest's definition.
const OtherMetadata = `<inventory:asset xmlns:inventory="https://inventory.example.com/1">` +
	`<inventory:tag>4711 &amp; 4712</inventory:tag></inventory:asset>`

// Notes are what people and programs write into a guest's definition.
type Notes struct {
	Title, Description string
	// Metadata are XML elements, each with a namespace of its own.
	Metadata string
}

func (n Notes) describe(_ *Guest, domain *libvirtxml.Domain) {
	domain.Title, domain.Description = n.Title, n.Description
	if n.Metadata != "" {
		domain.Metadata = &libvirtxml.DomainMetadata{XML: n.Metadata}
	}
}

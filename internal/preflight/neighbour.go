package preflight

import (
	"fmt"

	"libvirt.org/go/libvirtxml"
)

// Neighbour is a domain that runs on a host, with what no other domain there can have.
type Neighbour struct {
	// Domain is its name.
	Domain string
	// Listeners have all ports of its devices, also those that the host has chosen.
	Listeners []Listener
}

// ParseNeighbour reads it out of the definition of a domain that runs.
func ParseNeighbour(definition string) (Neighbour, error) {
	var d libvirtxml.Domain
	if err := d.Unmarshal(definition); err != nil {
		return Neighbour{}, fmt.Errorf("the definition cannot be parsed: %w", err)
	}
	n := Neighbour{Domain: d.Name}
	if d.Devices != nil {
		n.Listeners = listeners(d.Devices, true)
	}
	return n, nil
}

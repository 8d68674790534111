package preflight

import (
	"fmt"
	"strconv"

	"libvirt.org/go/libvirtxml"
)

// Neighbour is a domain that runs on a host, with what no other domain there can have.
type Neighbour struct {
	// Domain is its name.
	Domain string
	// Listeners have all ports of its devices, also those that the host has chosen.
	Listeners []Listener
	// CID is the context ID of its vsock device, also one that the host has chosen; 0 is none.
	CID uint32
}

// ParseNeighbour reads it out of the definition of a domain that runs.
func ParseNeighbour(definition string) (Neighbour, error) {
	var d libvirtxml.Domain
	if err := d.Unmarshal(definition); err != nil {
		return Neighbour{}, fmt.Errorf("the definition cannot be parsed: %w", err)
	}
	n := Neighbour{Domain: d.Name}
	if d.Devices != nil {
		n.Listeners, n.CID = listeners(d.Devices, true), cid(d.Devices.VSock, true)
	}
	return n, nil
}

// cid is the context ID of a vsock device, with one that the host has chosen if all are
// wanted; 0 is none.
func cid(d *libvirtxml.DomainVSock, all bool) uint32 {
	if d == nil || d.CID == nil || d.CID.Auto == "yes" && !all {
		return 0
	}
	cid, err := strconv.ParseUint(d.CID.Address, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(cid)
}

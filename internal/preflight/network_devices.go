package preflight

import (
	"regexp"
	"slices"
	"strings"
)

// NetworkDevices are a host's network interfaces as libvirt lists them.
type NetworkDevices struct {
	// Interfaces are those of the interface driver; empty where libvirt has none, as on
	// Debian.
	Interfaces []string
	// Nodes are the names of node devices: net_NAME_ADDRESS, where libvirt writes NAME with
	// "_" for all but letters and digits. Bridges, bonds and VLANs are not among them, and
	// without udev they are those of libvirt's start.
	Nodes []string
}

// Has tells whether an interface is listed.
func (d NetworkDevices) Has(name string) bool {
	return slices.Contains(d.Interfaces, name) || d.node(name)
}

var notAlphanumeric = regexp.MustCompile(`[^0-9A-Za-z]`)

// hardwareAddress is what follows the interface in the name of a node device.
var hardwareAddress = regexp.MustCompile(`^(_[0-9a-f]{2})*_?$`)

// node tells whether an interface is among the node devices. Names that differ only in
// punctuation are taken for one.
func (d NetworkDevices) node(name string) bool {
	prefix := "net_" + notAlphanumeric.ReplaceAllString(name, "_")
	return slices.ContainsFunc(d.Nodes, func(device string) bool {
		rest, found := strings.CutPrefix(device, prefix)
		return found && hardwareAddress.MatchString(rest)
	})
}

package preflight

import "net/netip"

// Network is a virtual network of a host.
type Network struct {
	Name   string
	Active bool
	// Bridge is the host's bridge that an active network uses, be it libvirt's own or
	// another one (forward mode "bridge"); empty where it has none.
	Bridge string
	// Own is true for a bridge that libvirt makes when it starts the network.
	Own bool
	// Addresses are the host's own on the network.
	Addresses []netip.Addr
}

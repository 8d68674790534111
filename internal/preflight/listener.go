package preflight

// Listener is where a device of a guest listens on its host.
type Listener struct {
	// Device is its name, such as "graphics vnc" or "serial 0".
	Device string
	// Address is such as "0.0.0.0" or a name, and Network one of libvirt's, whose address it
	// is: at most one is not empty. The host chooses where both are.
	Address, Network string
	// Ports are those that it has wherever it runs; none where the host chooses.
	Ports []int
	// UDP is true for ports of UDP; others are TCP's.
	UDP bool
}

// meets tells whether two listeners can want the same port of the same address.
func (l Listener) meets(other Listener) bool {
	everywhere := func(address string) bool { return address == "" || address == "0.0.0.0" || address == "::" }
	return l.UDP == other.UDP && (everywhere(l.Address) || everywhere(other.Address) || l.Address == other.Address)
}

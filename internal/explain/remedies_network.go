package explain

import "fmt"

// otherwise names the part of destination_changes for what a host calls otherwise.
func otherwise(key string) string {
	return fmt.Sprintf("Or, if the host calls it otherwise, say so in destination_changes (%s), of the move or of the "+
		"host in the provider's configuration.", key)
}

// bridge gives the host a bridge.
func (r remedies) bridge(name string) string {
	name = word(name)
	return fmt.Sprintf("Make it there, as in `ip link add %s type bridge && ip link set %s up` on %s, and in the host's "+
		"network configuration. %s", name, name, r.host, otherwise("interfaces"))
}

// network gives the host a libvirt network.
func (r remedies) network(name string) string {
	name = word(name)
	return fmt.Sprintf("Define and start it there: `virsh net-dumpxml --inactive %s` on %s prints it; then `virsh "+
		"net-define FILE` and `virsh net-start %s` on %s. %s", name, r.Source, name, r.host, otherwise("interfaces"))
}

// inactiveNetwork starts a libvirt network.
func (r remedies) inactiveNetwork(name string) string {
	name = word(name)
	return fmt.Sprintf("Start it: `virsh net-start %s` on %s (and `virsh net-autostart %s`).", name, r.host, name)
}

// networkFilter gives the host a network filter.
func (r remedies) networkFilter(name string) string {
	return fmt.Sprintf("Define it there: `virsh nwfilter-dumpxml %s` on %s prints it; then `virsh nwfilter-define "+
		"FILE` on %s.", word(name), r.Source, r.host)
}

// listenAddress lets a device listen on any host.
func (r remedies) listenAddress() string {
	return fmt.Sprintf("Let it listen on 0.0.0.0 or 127.0.0.1 (VNC and SPICE also on a libvirt network): %s, and start "+
		"the VM anew. Or give VNC and SPICE an address of the destination: destination_changes (graphics_listen), of the "+
		"move or of the host in the provider's configuration.", r.edit())
}

// port gives a device another port.
func (r remedies) port() string {
	return fmt.Sprintf("Let libvirt choose the ports of VNC and SPICE (autoport='yes', websocket='-1'), and give a "+
		"serial port or another device one that is free on each host: %s, and start the VM anew.", r.edit())
}

// guestCID gives the vsock device another context ID.
func (r remedies) guestCID() string {
	return fmt.Sprintf("Let libvirt choose the CID (<cid auto='yes'/>): %s, and start the VM anew.", r.edit())
}

package lab

import "libvirt.org/go/libvirtxml"

// Interface is a network interface of a guest, on a bridge or on a libvirt network.
type Interface struct {
	// Bridge is the name of a bridge of the host; Network is that of a libvirt network. One of them is given.
	Bridge, Network string
	// MAC is the interface's address; libvirt chooses one by default.
	MAC string
}

func (i Interface) describe(_ *Guest, domain *libvirtxml.Domain) {
	source := &libvirtxml.DomainInterfaceSource{}
	if i.Network != "" {
		source.Network = &libvirtxml.DomainInterfaceSourceNetwork{Network: i.Network}
	} else {
		source.Bridge = &libvirtxml.DomainInterfaceSourceBridge{Bridge: i.Bridge}
	}
	device := libvirtxml.DomainInterface{Source: source, Model: &libvirtxml.DomainInterfaceModel{Type: "virtio"}}
	if i.MAC != "" {
		device.MAC = &libvirtxml.DomainInterfaceMAC{Address: i.MAC}
	}
	domain.Devices.Interfaces = append(domain.Devices.Interfaces, device)
}

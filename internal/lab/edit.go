package lab

import "libvirt.org/go/libvirtxml"

// Edit is a part that changes the guest's definition as it likes: for devices that no other part has.
type Edit func(domain *libvirtxml.Domain)

func (e Edit) describe(_ *Guest, domain *libvirtxml.Domain) { e(domain) }

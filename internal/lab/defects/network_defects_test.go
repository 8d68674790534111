//go:build lab

package defects

import (
	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// filter is a network filter without a rule.
const filter = "<filter name='shop' chain='root'/>"

// networkDefects are about what the guest is plugged into.
func networkDefects() []defect {
	onBridge, onNetwork := paused(lab.Interface{Bridge: lab.Bridge}), paused(lab.Interface{Network: lab.Network})
	filtered := paused(lab.Interface{Bridge: lab.Bridge}, lab.Edit(func(d *libvirtxml.Domain) {
		d.Devices.Interfaces[0].FilterRef = &libvirtxml.DomainInterfaceFilterRef{Filter: "shop"}
	}))
	below := paused(lab.Edit(func(d *libvirtxml.Domain) {
		d.Devices.Interfaces = append(d.Devices.Interfaces, libvirtxml.DomainInterface{
			Source: &libvirtxml.DomainInterfaceSource{Direct: &libvirtxml.DomainInterfaceSourceDirect{Dev: "storage0", Mode: "bridge"}},
			Model:  &libvirtxml.DomainInterfaceModel{Type: "virtio"},
		})
	}))
	const nic = "interface"
	return []defect{
		{
			name: "bridge missing", guest: onBridge, short: true,
			plant: func(s *scene) { s.must(s.destination.DropBridge(s.context())) }, heal: true,
			check: preflight.CheckBridges, host: "kvm2", device: nic, remedy: command("ip link add"),
		},
		{
			name: "bridge of the network missing", guest: onNetwork,
			plant: func(s *scene) { s.must(s.destination.DropBridge(s.context())) }, heal: true,
			check: preflight.CheckBridges, host: "kvm2", device: nic, remedy: command("ip link add"),
		},
		{
			name: "interface below a macvtap missing", guest: below,
			prepare: func(s *scene) {
				s.run(s.source, "ip", "link", "add", "storage0", "type", "veth", "peer", "name", "storage1")
				s.run(s.source, "ip", "link", "set", "storage0", "up")
				s.Cleanup(func() {
					for _, h := range []*lab.Host{s.source, s.destination} {
						_ = h.Command(s.after(), "ip", "link", "delete", "storage0").Run()
					}
				})
			},
			check: preflight.CheckBridges, host: "kvm2", device: nic, remedy: command("ip link add"),
		},
		{
			name: "network missing", guest: onNetwork, short: true,
			plant: func(s *scene) { s.must(s.destination.DropNetwork(s.context())) }, heal: true,
			check: preflight.CheckNetworks, host: "kvm2", device: nic,
			remedy: command("virsh net-dumpxml", "virsh net-define", "virsh net-start"),
		},
		{
			name: "network not active", guest: onNetwork,
			plant: func(s *scene) { s.must(s.destination.StopNetwork(s.context())) }, heal: true,
			check: preflight.CheckNetworks, host: "kvm2", device: nic, remedy: command("virsh net-start"),
		},
		{
			name: "network filter missing", guest: filtered,
			prepare: func(s *scene) {
				s.source.MustVirsh(s, "nwfilter-define", s.write(filter))
				s.Cleanup(func() {
					for _, h := range []*lab.Host{s.source, s.destination} {
						_, _ = h.Virsh(s.after(), "nwfilter-undefine", "shop")
					}
				})
			},
			check: preflight.CheckFilters, host: "kvm2", device: nic,
			remedy: command("virsh nwfilter-dumpxml", "virsh nwfilter-define"),
		},
	}
}

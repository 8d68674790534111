package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// bridgeCheck looks whether the destination has the interfaces that the VM's are plugged
// into: bridges, also those of virtual networks, and interfaces below a macvtap.
type bridgeCheck struct{}

// BridgeMissing is a host without a bridge, or without another interface that a VM is
// plugged into. Network is the virtual network that wants it; empty where the VM does.
type BridgeMissing struct{ Bridge, Network string }

// Problem implements migration.Fact.
func (BridgeMissing) Problem() string { return "no such bridge or interface" }

func (bridgeCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	here := s.plugs(ctx, s.Source, false)
	there := s.plugs(ctx, s.Destination, true)
	if len(there) == 0 {
		return nil, nil
	}
	devices, err := s.Destination.NetworkDevices(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	var found []migration.Finding
	var missing []string
	for _, p := range there {
		if !devices.Has(p.device) {
			missing = append(missing, p.device)
			found = append(found, migration.Finding{
				Fact: BridgeMissing{p.device, p.network}, Host: s.destination(), Device: p.nic.name(), Lasting: true,
			})
		}
	}
	if len(missing) > 0 && !s.current(ctx, devices, here) {
		return nil, unknowable(s.destination(), strings.Join(missing, ", "))
	}
	return found, nil
}

// plug is what an interface of the VM is plugged into on a host.
type plug struct {
	nic             Interface
	device, network string
}

// plugs are those of the VM on a host. Of a network it is the bridge that an active one
// uses; foreign leaves out those that libvirt makes itself.
func (s *scope) plugs(ctx context.Context, h Host, foreign bool) []plug {
	var plugs []plug
	for _, nic := range s.guest.Interfaces {
		if device := nic.Bridge + nic.Direct; device != "" { // it has one of the two
			plugs = append(plugs, plug{nic: nic, device: device})
		}
		if nic.Network == "" {
			continue
		}
		networks, err := h.Networks(ctx)
		if err != nil {
			continue // networkCheck tells of it
		}
		for _, n := range networks {
			if n.Name == nic.Network && n.Bridge != "" && !(foreign && n.Own) {
				plugs = append(plugs, plug{nic, n.Bridge, n.Name})
			}
		}
	}
	return plugs
}

// current tells whether libvirt's lists of interfaces can be believed. They are kept up to
// date by udev: without it they are those of libvirt's start. The running VM uses those of
// its source, and libvirt has made those of its own active networks.
func (s *scope) current(ctx context.Context, there NetworkDevices, plugs []plug) bool {
	here, err := s.Source.NetworkDevices(ctx)
	if err != nil || slices.ContainsFunc(plugs, func(p plug) bool { return !here.Has(p.device) }) {
		return false
	}
	networks, err := s.Destination.Networks(ctx)
	return err != nil || !slices.ContainsFunc(networks, func(n Network) bool {
		return n.Active && n.Own && n.Bridge != "" && !there.Has(n.Bridge)
	})
}

// name is the interface in a finding.
func (i Interface) name() string { return "interface " + i.MAC }

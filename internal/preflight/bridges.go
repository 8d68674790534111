package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// bridgeCheck looks whether the destination has the interfaces that the VM's are plugged
// into: bridges, also those of virtual networks, and interfaces below a macvtap.
type bridgeCheck struct{}

// BridgeMissing is a host without a bridge, or without another interface that a VM is
// plugged into. Network is the virtual network that wants it; empty where the VM does. Of is
// the host that has the network: the source where the destination does not.
type BridgeMissing struct{ Bridge, Network, Of string }

// Problem implements migration.Fact.
func (BridgeMissing) Problem() string { return "no such bridge or interface" }

func (bridgeCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	there := s.plugsThere(ctx)
	if len(there) == 0 {
		return nil, nil
	}
	devices, err := s.Destination.NetworkDevices(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	unlisted := slices.DeleteFunc(there, func(p plug) bool { return devices.Has(p.device) || s.made(ctx, p.device) })
	if len(unlisted) == 0 {
		return nil, nil
	}
	absent, err := s.absent(ctx, unlisted)
	if err != nil {
		return nil, err
	}
	var found []migration.Finding
	for _, p := range absent {
		found = append(found, migration.Finding{
			Fact: BridgeMissing{p.device, p.network, p.of}, Host: s.destination(), Device: p.nic.name(),
		})
	}
	return found, nil
}

// plug is what an interface of the VM is plugged into on a host.
type plug struct {
	nic             Interface
	device, network string
	of              string // the host that has the network
}

// plugsThere are those of the VM on the destination. A network that it does not have comes
// to want there what it wants on the source. networkCheck tells of networks that cannot be asked.
func (s *scope) plugsThere(ctx context.Context) []plug {
	there, _ := s.plugs(ctx, s.Destination, true)
	lacks := func(network string) bool {
		networks, err := s.Destination.Networks(ctx)
		named := func(n Network) bool { return n.Name == network }
		return err == nil && network != "" && !slices.ContainsFunc(networks, named)
	}
	if !slices.ContainsFunc(s.guest.Interfaces, func(nic Interface) bool { return lacks(nic.Network) }) {
		return there
	}
	here, _ := s.plugs(ctx, s.Source, true)
	return append(there, slices.DeleteFunc(here, func(p plug) bool { return !lacks(p.network) })...)
}

// plugs are those of the VM on a host. Of a network it is the bridge that an active one
// uses; foreign leaves out those that libvirt makes itself. The error is that of Networks; the
// plugs that need none come with it.
func (s *scope) plugs(ctx context.Context, h Host, foreign bool) (plugs []plug, err error) {
	guest := s.guest
	if h == s.Source {
		guest = s.own
	}
	for _, nic := range guest.Interfaces {
		if device := nic.Bridge + nic.Direct; device != "" { // it has one of the two
			plugs = append(plugs, plug{nic: nic, device: device})
		}
		if nic.Network == "" {
			continue
		}
		networks, failed := h.Networks(ctx)
		if failed != nil {
			err = failed
			continue
		}
		for _, n := range networks {
			if n.Name == nic.Network && n.Bridge != "" && !(foreign && n.Own) {
				plugs = append(plugs, plug{nic, n.Bridge, n.Name, h.Name()})
			}
		}
	}
	return plugs, err
}

// made tells whether libvirt itself has made a bridge on the destination, for one of its
// active networks.
func (s *scope) made(ctx context.Context, bridge string) bool {
	networks, err := s.Destination.Networks(ctx)
	return err == nil && slices.ContainsFunc(networks, func(n Network) bool {
		return n.Active && n.Own && n.Bridge == bridge
	})
}

// interfaces is where Linux lists the network interfaces of libvirt's network namespace.
const interfaces = "/sys/class/net/"

// absent are those of the plugs that the destination's kernel does not have either: libvirt
// lists no bridges, bonds and VLANs where it lacks its interface driver. It is believed where
// the source's kernel has what the VM is plugged into there.
func (s *scope) absent(ctx context.Context, plugs []plug) ([]plug, error) {
	var absent []plug
	for _, p := range plugs {
		there, err := s.Destination.HasPath(ctx, interfaces+p.device)
		if err != nil {
			return nil, unasked(s.destination(), p.device, err)
		}
		if !there {
			absent = append(absent, p)
		}
	}
	if len(absent) == 0 {
		return nil, nil
	}
	used, err := s.plugs(ctx, s.Source, false)
	if err != nil {
		return nil, unasked(s.source(), "", err)
	}
	for _, p := range used {
		here, err := s.Source.HasPath(ctx, interfaces+p.device)
		if err != nil {
			return nil, unasked(s.source(), p.device, err)
		}
		if !here {
			return nil, unknowable(s.source(), p.device)
		}
	}
	return absent, nil
}

// name is the interface in a finding.
func (i Interface) name() string { return "interface " + i.MAC }

package preflight

import (
	"context"
	"net/netip"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

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

// networkCheck looks whether the destination has the VM's virtual networks, and whether
// they are active.
type networkCheck struct{}

// NetworkMissing is a host without a virtual network.
type NetworkMissing struct{ Network string }

// Problem implements migration.Fact.
func (NetworkMissing) Problem() string { return "no such network" }

// NetworkInactive is a virtual network that is not active.
type NetworkInactive struct{ Network string }

// Problem implements migration.Fact.
func (NetworkInactive) Problem() string { return "network not active" }

func (networkCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	type want struct{ device, network string }
	var wanted []want
	for _, nic := range s.guest.Interfaces {
		if nic.Network != "" {
			wanted = append(wanted, want{nic.name(), nic.Network})
		}
	}
	for _, l := range s.guest.Listeners {
		if l.Network != "" {
			wanted = append(wanted, want{l.Device, l.Network})
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	networks, err := s.Destination.Networks(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	var found []migration.Finding
	for _, w := range wanted {
		f := migration.Finding{Host: s.destination(), Device: w.device}
		i := slices.IndexFunc(networks, func(n Network) bool { return n.Name == w.network })
		switch {
		case i < 0:
			f.Fact = NetworkMissing{w.network}
		case !networks[i].Active:
			f.Fact = NetworkInactive{w.network}
		default:
			continue
		}
		found = append(found, f)
	}
	return found, nil
}

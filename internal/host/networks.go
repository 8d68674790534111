package host

import (
	"context"
	"encoding/xml"
	"net/netip"
	"slices"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Networks are the host's virtual networks. The error matches ErrUnsupported where libvirt
// has no network driver.
func (h *Host) Networks(ctx context.Context) ([]preflight.Network, error) {
	const op = "list the networks"
	list := func(which libvirt.ConnectListAllNetworksFlags) func() ([]libvirt.Network, error) {
		return func() ([]libvirt.Network, error) {
			return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.Network, error) {
				networks, _, err := lv.ConnectListAllNetworks(1, which)
				return networks, err
			})
		}
	}
	var active, inactive []libvirt.Network
	if err := parallel(
		get(&active, list(libvirt.ConnectListNetworksActive)),
		get(&inactive, list(libvirt.ConnectListNetworksInactive)),
	); err != nil {
		return nil, err
	}
	described := make([]preflight.Network, len(active))
	describe := make([]func() error, len(active))
	for i, n := range active {
		describe[i] = get(&described[i], func() (preflight.Network, error) { return h.network(ctx, op, n) })
	}
	if err := parallel(describe...); err != nil {
		return nil, err
	}
	// One that stopped between the calls has no name.
	networks := slices.DeleteFunc(described, func(n preflight.Network) bool { return n.Name == "" })
	for _, n := range inactive {
		networks = append(networks, preflight.Network{Name: n.Name})
	}
	return networks, nil
}

// network reads an active network; one that is gone meanwhile is the zero Network.
func (h *Host) network(ctx context.Context, op string, n libvirt.Network) (preflight.Network, error) {
	definition, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (string, error) {
		return lv.NetworkGetXMLDesc(n, 0)
	})
	if answered(err, libvirt.ErrNoNetwork) {
		return preflight.Network{}, nil
	}
	if err != nil {
		return preflight.Network{}, err
	}
	var doc struct {
		Forward struct {
			Mode string `xml:"mode,attr"`
		} `xml:"forward"`
		Bridge struct {
			Name string `xml:"name,attr"`
		} `xml:"bridge"`
		IPs []struct {
			Address string `xml:"address,attr"`
		} `xml:"ip"`
	}
	if err := xml.Unmarshal([]byte(definition), &doc); err != nil {
		return preflight.Network{}, h.fail(op, err)
	}
	network := preflight.Network{
		Name: n.Name, Active: true, Bridge: doc.Bridge.Name, Own: doc.Forward.Mode != "bridge",
	}
	for _, ip := range doc.IPs {
		if address, err := netip.ParseAddr(ip.Address); err == nil {
			network.Addresses = append(network.Addresses, address)
		}
	}
	return network, nil
}

// HasNetworkFilter tells whether the host has a network filter of that name. The error
// matches ErrUnsupported where libvirt has no driver for them.
func (h *Host) HasNetworkFilter(ctx context.Context, name string) (bool, error) {
	return h.has(ctx, "look up the network filter "+name, libvirt.ErrNoNwfilter, func(lv *libvirt.Libvirt) error {
		_, err := lv.NwfilterLookupByName(name)
		return err
	})
}

package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// NetworkDevices are the host's network interfaces as its interface driver and its node
// device driver list them. The error matches ErrUnsupported where libvirt has neither.
func (h *Host) NetworkDevices(ctx context.Context) (preflight.NetworkDevices, error) {
	const op = "list the network devices"
	var interfaces []libvirt.Interface
	var nodes []libvirt.NodeDevice
	var undriven error
	err := parallel(
		func() error {
			interfaces, undriven = read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.Interface, error) {
				interfaces, _, err := lv.ConnectListAllInterfaces(1, 0)
				return interfaces, err
			})
			return nil // it is the rarer of the two
		},
		get(&nodes, func() ([]libvirt.NodeDevice, error) {
			return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.NodeDevice, error) {
				nodes, _, err := lv.ConnectListAllNodeDevices(1, uint32(libvirt.ConnectListNodeDevicesCapNet))
				return nodes, err
			})
		}),
	)
	if undriven != nil && err != nil {
		return preflight.NetworkDevices{}, err
	}
	var devices preflight.NetworkDevices
	for _, i := range interfaces {
		devices.Interfaces = append(devices.Interfaces, i.Name)
	}
	for _, n := range nodes {
		devices.Nodes = append(devices.Nodes, n.Name)
	}
	return devices, nil
}

// HasNodeDevice tells whether the host has a node device of that name, such as
// pci_0000_01_00_0. The error matches ErrUnsupported where libvirt has no such driver.
func (h *Host) HasNodeDevice(ctx context.Context, name string) (bool, error) {
	return h.has(ctx, "look up the node device "+name, libvirt.ErrNoNodeDevice, func(lv *libvirt.Libvirt) error {
		_, err := lv.NodeDeviceLookupByName(name)
		return err
	})
}

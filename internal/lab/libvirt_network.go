package lab

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// Network is the name of the libvirt network that every host has; it leads to the bridge.
const Network = "lan"

// networkXML is the definition of the host's libvirt network: it leads to the bridge, without DHCP and without a firewall.
const networkXML = `<network><name>` + Network + `</name><forward mode="bridge"/><bridge name="` + Bridge + `"/></network>`

// StopNetwork makes the host's libvirt network inactive; [Host.RestoreNetwork] starts it again.
func (h *Host) StopNetwork(ctx context.Context) error {
	_, err := h.Virsh(ctx, "net-destroy", Network)
	return err
}

// DropNetwork removes the host's libvirt network; [Host.RestoreNetwork] brings it back.
func (h *Host) DropNetwork(ctx context.Context) error {
	if err := h.StopNetwork(ctx); err != nil {
		return err
	}
	_, err := h.Virsh(ctx, "net-undefine", Network)
	return err
}

// RestoreNetwork defines and starts the host's libvirt network, as far as that is needed.
func (h *Host) RestoreNetwork(ctx context.Context) error {
	networks, err := h.Virsh(ctx, "net-list", "--name")
	if err != nil || strings.TrimSpace(networks) == Network {
		return err
	}
	file := filepath.Join(h.Directory, "network.xml")
	if err := os.WriteFile(file, []byte(networkXML), 0o644); err != nil {
		return err
	}
	for _, command := range [][]string{{"net-define", file}, {"net-autostart", Network}, {"net-start", Network}} {
		if _, err := h.Virsh(ctx, command...); err != nil {
			return err
		}
	}
	return nil
}

package lab

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Network is the name of the libvirt network that every host has; it leads to the bridge.
const Network = "lan"

// networkXML is the definition of the host's libvirt network: it leads to the bridge, without DHCP and without a
// firewall.
const networkXML = `<network><name>` + Network + `</name><forward mode="bridge"/>` +
	`<bridge name="` + Bridge + `"/></network>`

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
	var commands [][]string
	defined, err := h.Virsh(ctx, "net-list", "--all", "--name")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(defined), Network) {
		file := filepath.Join(h.Directory, "network.xml")
		if err := os.WriteFile(file, []byte(networkXML), 0o644); err != nil {
			return err
		}
		commands = [][]string{{"net-define", file}, {"net-autostart", Network}}
	}
	active, err := h.Virsh(ctx, "net-list", "--name")
	if err != nil {
		return err
	}
	if !slices.Contains(strings.Fields(active), Network) {
		commands = append(commands, []string{"net-start", Network})
	}
	for _, command := range commands {
		if _, err := h.Virsh(ctx, command...); err != nil {
			return err
		}
	}
	return nil
}

package lab

import (
	"context"
	"fmt"
)

// firewall is the host's table of packet filters, as nftables names it.
const firewall = "lab"

// MigrationPorts are where QEMU receives memory, unless qemu.conf says otherwise.
var MigrationPorts = [2]int{49152, 49215}

// DropPorts makes the host lose what arrives at these TCP ports, as many firewalls do: who connects hears nothing.
// Ports that were dropped before are open again.
func (h *Host) DropPorts(ctx context.Context, first, last int) error {
	if err := h.OpenPorts(ctx); err != nil {
		return err
	}
	return runAll(ctx, [][]string{
		h.nft("add", "table", "inet", firewall),
		h.nft("add", "chain", "inet", firewall, "input", "{ type filter hook input priority 0 ; }"),
		h.nft("add", "rule", "inet", firewall, "input", "tcp", "dport", fmt.Sprintf("%d-%d", first, last), "drop"),
	})
}

// OpenPorts ends a [Host.DropPorts].
func (h *Host) OpenPorts(ctx context.Context) error {
	// Added first, so that it is there to be deleted.
	return runAll(ctx, [][]string{h.nft("add", "table", "inet", firewall), h.nft("delete", "table", "inet", firewall)})
}

func (h *Host) nft(arguments ...string) []string {
	return append([]string{"ip", "netns", "exec", h.Name, "nft"}, arguments...)
}

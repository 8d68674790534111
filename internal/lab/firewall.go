package lab

import (
	"context"
	"strings"
)

// memoryPorts are those that libvirt chooses from for memory that comes in.
const memoryPorts = "49152-49215"

// DropMemory makes the host's firewall drop what others send to the ports for incoming memory: whoever connects there
// hears nothing. It loses the host's answers, for which no package beyond those of the lab is needed.
func (h *Host) DropMemory(ctx context.Context) error { return h.firewall(ctx, "add") }

// PassMemory ends a [Host.DropMemory].
func (h *Host) PassMemory(ctx context.Context) error {
	err := h.firewall(ctx, "delete")
	if err != nil && strings.Contains(err.Error(), "No such file or directory") {
		return nil
	}
	return err
}

// firewall adds or deletes the rule for packets from the ports.
func (h *Host) firewall(ctx context.Context, verb string) error {
	return run(ctx, "ip", "-n", h.Name, "rule", verb, "ipproto", "tcp", "sport", memoryPorts, "blackhole")
}

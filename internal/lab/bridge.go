package lab

import "context"

// Bridge is the name of the bridge that every host has for its guests.
const Bridge = "br0"

// DropBridge removes the host's bridge; [Host.RestoreBridge] brings it back.
func (h *Host) DropBridge(ctx context.Context) error {
	return run(ctx, "ip", "-n", h.Name, "link", "delete", Bridge)
}

// RestoreBridge makes the host's bridge, unless it is there.
func (h *Host) RestoreBridge(ctx context.Context) error {
	if run(ctx, "ip", "-n", h.Name, "link", "show", Bridge) == nil {
		return nil
	}
	return runAll(ctx, h.bridgeCommands())
}

// bridgeCommands make the host's bridge, which leads nowhere else.
func (h *Host) bridgeCommands() [][]string {
	return [][]string{
		{"ip", "-n", h.Name, "link", "add", Bridge, "type", "bridge"},
		{"ip", "-n", h.Name, "link", "set", Bridge, "up"},
	}
}

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// nobody is a hardware address that no interface of the lab has. A neighbour entry with it loses packets silently, as a
// network does; a blackhole route would tell the sender.
const nobody = "02:00:00:00:00:fe"

// Unplug takes the host's network link down.
func (h *Host) Unplug(ctx context.Context) error {
	return run(ctx, "ip", "link", "set", h.Name, "down")
}

// Plug ends an [Host.Unplug].
func (h *Host) Plug(ctx context.Context) error { return run(ctx, "ip", "link", "set", h.Name, "up") }

// Limit bounds what the host's link carries, each way, in MiB/s; 0 lifts the limit.
func (h *Host) Limit(ctx context.Context, mibPerSecond int) error {
	// Deleting fails if there is no limit.
	_ = run(ctx, "tc", "qdisc", "delete", "dev", h.Name, "root")
	_ = run(ctx, "tc", "-n", h.Name, "qdisc", "delete", "dev", "eth0", "root")
	if mibPerSecond == 0 {
		return nil
	}
	bucket := []string{"root", "tbf", "rate", fmt.Sprintf("%dbit", mibPerSecond<<23), "burst", "512kb", "latency", "50ms"}
	return runAll(ctx, [][]string{
		append([]string{"tc", "qdisc", "add", "dev", h.Name}, bucket...),
		append([]string{"tc", "-n", h.Name, "qdisc", "add", "dev", "eth0"}, bucket...),
	})
}

// LinkBytes is what the host's link has carried since the host was made, as its kernel counts it: into the host and out
// of it, with the headers of Ethernet, IP and TCP.
func (h *Host) LinkBytes() (in, out uint64, err error) {
	table, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(h.PID()), "net", "dev"))
	if err != nil {
		return 0, 0, err
	}
	// proc(5): a line is "device: bytes packets ... bytes packets ...", eight columns for each direction.
	for line := range strings.Lines(string(table)) {
		device, columns, found := strings.Cut(strings.TrimSpace(line), ":")
		if fields := strings.Fields(columns); found && device == "eth0" && len(fields) > 8 {
			in, err = strconv.ParseUint(fields[0], 10, 64)
			if err == nil {
				out, err = strconv.ParseUint(fields[8], 10, 64)
			}
			return in, out, err
		}
	}
	return 0, 0, errors.New("the host has no eth0")
}

// Cut loses all packets between two hosts. Both still reach all others, the caller included.
func (w *World) Cut(ctx context.Context, a, b *Host) error {
	return runAll(ctx, [][]string{a.neighbour("replace", b.Address), b.neighbour("replace", a.Address)})
}

// Join ends a [World.Cut].
func (w *World) Join(ctx context.Context, a, b *Host) error {
	return errors.Join(forget(ctx, a.neighbour("delete", b.Address)), forget(ctx, b.neighbour("delete", a.Address)))
}

// CutCaller loses all packets between the host and programs outside the hosts, such as Terraform. The hosts still reach
// each other, and the host's UNIX socket, which [Host.Virsh] uses, still answers.
func (h *Host) CutCaller(ctx context.Context) error {
	return runAll(ctx, [][]string{callerNeighbour("replace", h.Address), h.neighbour("replace", callerAddress)})
}

// JoinCaller ends a [Host.CutCaller].
func (h *Host) JoinCaller(ctx context.Context) error {
	return errors.Join(forget(ctx, callerNeighbour("delete", h.Address)),
		forget(ctx, h.neighbour("delete", callerAddress)))
}

// neighbour is a command that adds (replace) or removes (delete) a neighbour entry for nobody on the host.
func (h *Host) neighbour(verb, address string) []string {
	return append([]string{"ip", "-n", h.Name}, entry(verb, address, "eth0")...)
}

func callerNeighbour(verb, address string) []string {
	return append([]string{"ip"}, entry(verb, address, bridge)...)
}

func entry(verb, address, device string) []string {
	arguments := []string{"neighbour", verb, address, "dev", device}
	if verb == "replace" {
		arguments = append(arguments, "lladdr", nobody, "nud", "permanent")
	}
	return arguments
}

// forget runs a command that deletes a neighbour entry. A missing entry is no error.
func forget(ctx context.Context, command []string) error {
	err := run(ctx, command[0], command[1:]...)
	if err != nil && strings.Contains(err.Error(), "No such file or directory") {
		return nil
	}
	return err
}

// Heal undoes every fault: links are up, uncut and without limit, ports are open, names resolve, every host has its
// bridge and its network, and every libvirtd and sshd runs and answers. It does not change guests.
func (w *World) Heal(ctx context.Context) error {
	var failed error
	for i, host := range w.Hosts {
		failed = errors.Join(failed, host.Plug(ctx), host.Limit(ctx, 0), host.JoinCaller(ctx), host.OpenPorts(ctx))
		for _, other := range w.Hosts[i+1:] {
			failed = errors.Join(failed, w.Join(ctx, host, other))
		}
		if host.Running() {
			failed = errors.Join(failed, host.Continue())
		}
		failed = errors.Join(failed, host.Start(ctx), host.healSSH(ctx),
			host.OpenPorts(ctx), host.ResolveAll(w), host.RestoreBridge(ctx), host.RestoreNetwork(ctx))
	}
	return failed
}

// HealAfter heals the world when the test ends. Call it after the guests are started: cleanups run last first, so the
// guests are removed from a healed world.
func (w *World) HealAfter(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
		defer cancel()
		if err := w.Heal(ctx); err != nil {
			t.Errorf("heal the lab: %v", err)
		}
	})
}

// Connections returns how many clients are connected to the host's libvirtd over TCP.
func (h *Host) Connections() (int, error) {
	table, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(h.PID()), "net", "tcp"))
	if err != nil {
		return 0, err
	}
	// proc(5): a line is "sl local_address rem_address st ..."; addresses are in hexadecimal, 01 is ESTABLISHED.
	count := 0
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) && fields[3] == "01" {
			count++
		}
	}
	return count, nil
}

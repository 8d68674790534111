package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// hostNames are the lines of /etc/hosts that are the same on every host.
func (w *World) hostNames() string {
	var names strings.Builder
	fmt.Fprintf(&names, "127.0.0.1 localhost\n%s caller\n", callerAddress)
	for _, host := range w.Hosts {
		fmt.Fprintln(&names, host.Address, host.Name)
	}
	return names.String()
}

// Resolve makes a name resolve to an address on this host alone, whatever it was before: its own one to 127.0.1.1, for
// instance, as installers of Debian have it.
func (h *Host) Resolve(w *World, name, address string) error {
	var names strings.Builder
	fmt.Fprintln(&names, address, name)
	for line := range strings.Lines(w.hostNames()) {
		if fields := strings.Fields(line); fields[1] != name {
			names.WriteString(line)
		}
	}
	return h.writeNames(names.String())
}

// ResolveAll ends every [Host.Resolve].
func (h *Host) ResolveAll(w *World) error { return h.writeNames(w.hostNames()) }

// writeNames keeps the file, which is mounted at the host's /etc/hosts.
func (h *Host) writeNames(names string) error {
	return os.WriteFile(filepath.Join(h.Directory, "hosts"), []byte(names), 0o644)
}

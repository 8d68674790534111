//go:build lab

package host_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// transportsToCompare are URIs of one host, by each way to it.
func transportsToCompare(b *testing.B) map[string]string {
	b.Helper()
	w, err := lab.Current()
	if err != nil {
		b.Fatal(err)
	}
	l := w.Hosts[0]
	shared, _ := sharedSSH(b, "ControlMaster auto\nControlPersist 60\n")
	startMaster(b, shared, l)
	return map[string]string{
		"unix":             l.SocketURI,
		"tcp":              l.URI,
		"ssh":              sshURI(l, "qemu+ssh", ""),
		"ssh, netcat":      sshURI(l, "qemu+ssh", "", "proxy", "netcat"),
		"libssh":           sshURI(l, "qemu+libssh", ""),
		"ssh, ControlPath": sshURI(l, "qemu+ssh", "", "command", shared),
	}
}

// BenchmarkConnect measures one connection from nothing to the first answer and
// back to nothing.
func BenchmarkConnect(b *testing.B) {
	for name, uri := range transportsToCompare(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				h, err := host.New(host.Config{Name: "kvm1", URI: uri})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := h.Record(b.Context(), host.Cluster); err != nil {
					b.Fatal(err)
				}
				if err := h.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCall measures one call on a connection that is there.
func BenchmarkCall(b *testing.B) {
	for name, uri := range transportsToCompare(b) {
		b.Run(name, func(b *testing.B) {
			h, err := host.New(host.Config{Name: "kvm1", URI: uri})
			if err != nil {
				b.Fatal(err)
			}
			defer h.Close()
			if err := ping(b.Context(), h); err != nil { // connects
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := h.Record(b.Context(), host.Cluster); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

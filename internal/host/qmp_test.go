//go:build lab

package host_test

import (
	"context"
	"encoding/json"
	"net"
	"path/filepath"
	"testing"
	"time"

	"libvirt.org/go/libvirtxml"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// qmpSocket is a second monitor of a guest's QEMU: libvirt lets nobody ask its own while a guest comes in.
const qmpSocket = "qmp-of-the-test"

// secondMonitor gives a guest's QEMU that monitor.
func secondMonitor() lab.Part {
	return lab.Edit(func(d *libvirtxml.Domain) {
		d.QEMUCommandline = &libvirtxml.DomainQEMUCommandline{Args: []libvirtxml.DomainQEMUCommandlineArg{
			{Value: "-qmp"}, {Value: "unix:/run/libvirt/" + qmpSocket + ",server=on,wait=off"},
		}}
	})
}

// qemuOn asks QEMU on a host, by its second monitor, for its migration's parameters and capabilities.
func qemuOn(t *testing.T, h *lab.Host) (parameters map[string]any, capabilities map[string]bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(h.Directory, "run", qmpSocket))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	answers := json.NewDecoder(conn)
	ask := func(command string, into any) {
		if _, err := conn.Write([]byte(`{"execute":"` + command + `"}`)); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		for { // past the greeting and events
			var answer struct{ Return, Error json.RawMessage }
			if err := answers.Decode(&answer); err != nil || answer.Error != nil {
				t.Fatalf("%s: %v %s", command, err, answer.Error)
			}
			if answer.Return != nil {
				if err := json.Unmarshal(answer.Return, into); err != nil {
					t.Fatalf("%s: %v", command, err)
				}
				return
			}
		}
	}
	ask("qmp_capabilities", &struct{}{})
	ask("query-migrate-parameters", &parameters)
	var list []struct {
		Capability string
		State      bool
	}
	ask("query-migrate-capabilities", &list)
	capabilities = map[string]bool{}
	for _, c := range list {
		capabilities[c.Capability] = c.State
	}
	return parameters, capabilities
}

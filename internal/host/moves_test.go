//go:build lab

package host_test

import (
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// A VM moves there and back, driven by its host and driven by us, over each way
// to a host; the hosts reach each other by the same way, where there is one.
func TestMovesOverEachTransport(t *testing.T) {
	w := world(t)
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for name, reach := range map[string]func(*lab.Host) host.Config{
		"tcp":    func(l *lab.Host) host.Config { return host.Config{URI: l.URI} },
		"tls":    func(l *lab.Host) host.Config { return host.Config{URI: l.TLSURI, PeerURI: l.TLSURI} },
		"ssh":    func(l *lab.Host) host.Config { return host.Config{URI: l.SSHURI} },
		"socket": func(l *lab.Host) host.Config { return host.Config{URI: l.SocketURI, PeerURI: l.TLSURI} },
	} {
		t.Run(name, func(t *testing.T) {
			var hosts [2]*host.Host
			for i := range hosts {
				cfg := reach(w.Hosts[i])
				cfg.Name, cfg.MigrationURI = w.Hosts[i].Name, w.Hosts[i].MigrationURI
				hosts[i] = open(t, cfg)
			}
			p := migration.Parameters{Persistent: true, MigrationURI: hosts[1].MigrationURI()}
			if err := hosts[0].MigratePeerToPeer(testContext(t), guest.UUID, hosts[1].PeerURI(), p); err != nil {
				t.Fatal(err)
			}
			runsOnly(t, guest, w.Hosts[1])
			p.MigrationURI = hosts[0].MigrationURI()
			back := &steps{t: t, source: hosts[1], destination: hosts[0], guest: guest, p: p}
			back.do(back.begin, back.prepare, back.perform, func() error { return back.finish(false) }, func() error { return back.confirm(false) })
			runsOnly(t, guest, w.Hosts[0])
		})
	}
}

// runsOnly wants a guest on one host, before long: a QEMU takes its time to end.
func runsOnly(t *testing.T, guest *lab.Guest, l *lab.Host) {
	t.Helper()
	var hosts []string
	if !rpctest.Poll(slack, func() bool {
		hosts = guest.HostsRunning()
		return len(hosts) == 1 && hosts[0] == l.Name
	}) {
		t.Errorf("runs on %v, want %s", hosts, l.Name)
	}
}

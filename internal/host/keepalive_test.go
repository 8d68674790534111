//go:build lab

package host_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// TestDaemonLooksForTheClientOfAMigration wants pings on the connection that an
// incoming domain depends on: without them libvirtd keeps that of a client that
// was cut off.
func TestDaemonLooksForTheClientOfAMigration(t *testing.T) {
	w := world(t)
	pings := make(chan struct{}, 16)
	destination := open(t, host.Config{Name: "destination", URI: peer(t, relay(w.Hosts[1].Address, func(_ int, client io.Writer, daemon io.Reader) {
		frames(daemon, func(_ int, frame []byte) bool {
			const programKeepalive = 0x6b656570
			if binary.BigEndian.Uint32(frame[4:]) == programKeepalive {
				pings <- struct{}{}
			}
			_, err := client.Write(frame)
			return err == nil
		})
	}))})
	source := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})

	p := migration.Parameters{MigrationURI: w.Hosts[1].MigrationURI}
	definition, cookie, err := source.Begin(testContext(t), guest.UUID, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := destination.Prepare(testContext(t), definition, cookie, p); err != nil {
		t.Fatal(err)
	}
	select {
	case <-pings:
	case <-time.After(time.Minute):
		t.Error("libvirtd does not look whether its client is there")
	}
	_, _ = destination.Finish(testContext(t), guest.Name, nil, p, true) // libvirt answers that the domain is gone
}

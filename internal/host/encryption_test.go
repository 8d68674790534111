package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Without certificates on either host an encrypted migration ends before it begins.
func TestEncryptionWithoutCertificates(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for _, l := range w.Hosts {
		t.Run("on "+l.Name, func(t *testing.T) {
			l.HideCertificates(t)
			p := migration.Parameters{TLS: true, Persistent: true, MigrationURI: destination.MigrationURI()}
			err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p)
			var e *host.Error
			if !errors.As(err, &e) || e.Code == 0 || !strings.Contains(e.Message, "/etc/libvirt/pki/qemu/ca-cert.pem") {
				t.Errorf("got %v, want libvirt's answer with the file", err)
			}
			if errors.Is(err, migration.ErrPeerUnreachable) || errors.Is(err, migration.ErrUnreachable) {
				t.Errorf("got %v, want no unreachable peer", err)
			}
			if d, err := source.Domain(testContext(t), guest.UUID); err != nil || d.State != migration.StateRunning {
				t.Errorf("afterwards: %+v, %v", d, err)
			}
			if job, err := source.CompletedJob(testContext(t), guest.UUID); err != nil || job.MemoryProcessed != 0 {
				t.Errorf("memory was sent: %+v, %v", job, err)
			}
		})
	}
}

//go:build lab

package host_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// Without certificates on either host an encrypted migration ends before it begins.
func TestEncryptionWithoutCertificates(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for _, l := range w.Hosts {
		t.Run("on "+l.Name, func(t *testing.T) {
			l.HideCertificates(t)
			p := migration.Parameters{Policy: told(policy.Policy{Encryption: new(true)}), Persistent: true, MigrationURI: destination.MigrationURI()}
			err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p)
			var e *host.Error
			if !errors.As(err, &e) || e.Code == 0 || !strings.Contains(e.Message, "/etc/libvirt/pki/qemu/ca-cert.pem") {
				t.Errorf("got %v, want libvirt's answer with the file", err)
			}
			if e != nil && e.Refusal.Kind != refusal.NoCertificate {
				t.Errorf("%v is a refusal of the kind %q", err, e.Refusal.Kind)
			}
			if errors.Is(err, migration.ErrUnreachable) {
				t.Errorf("got %v, want no unreachable host", err)
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

// One file that is missing on one host is enough for it. QEMU names it, but where it is the source's own: that one's
// certificate is for the destination to want.
func TestEncryptionWithoutOneFile(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true})
	for name, test := range map[string]struct {
		on         *lab.Host
		file, want string
		kind       refusal.Kind
	}{
		"source, authority":        {w.Hosts[0], "ca-cert.pem", "pki/qemu/ca-cert.pem: No such file", refusal.NoCertificate},
		"source, certificate":      {w.Hosts[0], "client-cert.pem", "", refusal.Untrusted},
		"source, key":              {w.Hosts[0], "client-key.pem", "", refusal.Untrusted},
		"destination, authority":   {w.Hosts[1], "ca-cert.pem", "pki/qemu/ca-cert.pem: No such file", refusal.NoCertificate},
		"destination, certificate": {w.Hosts[1], "server-cert.pem", "pki/qemu/server-cert.pem: No such file", refusal.NoCertificate},
		"destination, key":         {w.Hosts[1], "server-key.pem", "pki/qemu/server-key.pem: No such file", refusal.NoCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			test.on.HideCertificate(t, test.file)
			p := migration.Parameters{Policy: told(policy.Policy{Encryption: new(true)}), Persistent: true, MigrationURI: destination.MigrationURI()}
			err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p)
			var e *host.Error
			if !errors.As(err, &e) || e.Code == 0 || !strings.Contains(e.Message, test.want) || e.Refusal.Kind != test.kind {
				t.Errorf("got %v, want libvirt's answer of the kind %q, and in it %q", err, test.kind, test.want)
			}
			runsOnly(t, guest, w.Hosts[0])
			if d, err := source.Domain(testContext(t), guest.UUID); err != nil || d.State != migration.StateRunning {
				t.Errorf("afterwards: %+v, %v", d, err)
			}
			if job, err := source.CompletedJob(testContext(t), guest.UUID); err != nil || job.MemoryProcessed != 0 {
				t.Errorf("memory was sent: %+v, %v", job, err)
			}
		})
	}
}

// The memory of a guest, and QEMU's own format, are on the wire for all to read unless the migration is encrypted.
func TestEncryptionHidesMemory(t *testing.T) {
	w := world(t)
	// What begins every migration stream, with its version, and what every Linux kernel has in its memory. Four bytes
	// alone would turn up in what is encrypted, once in a hundred runs.
	markers := []string{"QEVM\x00\x00\x00\x03", "Linux version "}
	for name, encrypted := range map[string]bool{"encrypted": true, "plain": false} {
		t.Run(name, func(t *testing.T) {
			guest := w.StartGuest(t, lab.IdleGuest(""))
			source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
			seen := eavesdrop(t, w.Hosts[1], markers...)
			p := migration.Parameters{Policy: told(policy.Policy{Encryption: &encrypted}), Persistent: true, MigrationURI: destination.MigrationURI()}
			if err := source.MigratePeerToPeer(testContext(t), guest.UUID, destination.PeerURI(), p); err != nil {
				t.Fatal(err)
			}
			job, err := destination.CompletedJob(testContext(t), guest.UUID)
			if err != nil {
				t.Fatal(err)
			}
			found, bytes := seen()
			if bytes < job.MemoryProcessed/2 {
				t.Errorf("%d bytes were overheard of %d", bytes, job.MemoryProcessed)
			}
			for _, marker := range markers {
				if found[marker] == encrypted {
					t.Errorf("%q was read on the wire: %t", marker, found[marker])
				}
			}
		})
	}
}

// eavesdrop reads everything on the host's cable until the returned function is called; that one tells which of the
// markers were there, and how much was read.
func eavesdrop(t *testing.T, l *lab.Host, markers ...string) func() (found map[string]bool, bytes uint64) {
	t.Helper()
	cable, err := net.InterfaceByName(l.Name)
	if err != nil {
		t.Fatal(err)
	}
	const allProtocols = 0x0300 // ETH_P_ALL in the network's byte order
	fd, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, allProtocols)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUFFORCE, 256<<20),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Usec: 200_000}),
		syscall.Bind(fd, &syscall.SockaddrLinklayer{Protocol: allProtocols, Ifindex: cable.Index}))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	var bytes uint64
	enough, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		frame := make([]byte, 256<<10)
		for {
			n, err := syscall.Read(fd, frame)
			if err == nil {
				bytes += uint64(n)
				for _, marker := range markers {
					found[marker] = found[marker] || strings.Contains(string(frame[:n]), marker)
				}
				continue
			}
			// Nothing came for a while: all that was sent has been read.
			select {
			case <-enough:
				return
			default:
			}
		}
	}()
	stop := sync.OnceFunc(func() {
		close(enough)
		<-done
		_ = syscall.Close(fd)
	})
	t.Cleanup(stop)
	return func() (map[string]bool, uint64) {
		stop()
		return found, bytes
	}
}

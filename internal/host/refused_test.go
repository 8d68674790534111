//go:build lab

package host_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// A refusal is the answer to everybody who asks, and the host is bothered with
// one attempt, not with one for each resource: it might lock the account. What
// may be over the next moment is tried each time.
func TestRefusalIsNotRepeated(t *testing.T) {
	tests := map[string]struct {
		reach    func(t *testing.T) (cfg host.Config, attempts func() int)
		repeated bool
		reason   string
	}{
		"password":        {reach: wrongPassword, reason: "libvirt refuses the user name or the password"},
		"login by ssh":    {reach: sshSays("root@kvm9: Permission denied (publickey)."), reason: "it refused the login"},
		"host key":        {reach: sshSays("Host key verification failed."), reason: "its host key is not known"},
		"certificate":     {reach: strangersCertificate, reason: "its certificate was not issued by the authority"},
		"nothing listens": {reach: sshSays("ssh: connect to host kvm9 port 22: Connection refused"), reason: "nothing listens there", repeated: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg, attempts := test.reach(t)
			h := open(t, cfg)
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() { checkUnreachable(t, ping(testContext(t), h), test.reason) })
			}
			all.Wait()
			before := attempts()
			checkUnreachable(t, ping(testContext(t), h), test.reason)
			const uuid = "00000000-0000-4000-8000-00000000dead"
			checkUnreachable(t, h.MigratePeerToPeer(testContext(t), uuid, "qemu+tcp://kvm2/system", migration.Parameters{}), test.reason)
			switch after := attempts(); {
			case test.repeated && after != before+2:
				t.Errorf("%d attempts, want %d", after, before+2)
			case !test.repeated && after != 1:
				t.Errorf("%d attempts, want 1", after)
			}
		})
	}
}

// sshSays is an ssh that cannot do what it should and says why.
func sshSays(what string) func(*testing.T) (host.Config, func() int) {
	return func(t *testing.T) (host.Config, func() int) {
		t.Helper()
		started := filepath.Join(t.TempDir(), "started")
		ssh := script(t, "echo >>"+started+"\necho '"+what+"' >&2\nexit 255\n")
		return host.Config{Name: "kvm9", URI: "qemu+ssh://kvm9/system?command=" + url.PathEscape(ssh)}, func() int {
			text, err := os.ReadFile(started)
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Count(text, []byte("\n"))
		}
	}
}

// script makes a program of a shell's commands.
func script(t *testing.T, commands string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+commands), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// wrongPassword is a daemon that wants another password than we have.
func wrongPassword(t *testing.T) (host.Config, func() int) {
	t.Helper()
	l := labHosts(t)[0]
	l.RequireLogin(t, "fred", "s3cret", "scram-sha-256")
	_, socket, _ := strings.Cut(l.SocketURI, "socket=")
	var attempts counter
	uri := socketPeer(t, func(_ int, c net.Conn) {
		attempts.Add(1)
		d, err := net.Dial("unix", socket+"-ro")
		if err != nil {
			return
		}
		defer d.Close()
		go func() {
			_, _ = io.Copy(d, c)
			_ = d.Close()
		}()
		_, _ = io.Copy(c, d)
	})
	cfg := host.Config{Name: "kvm9", URI: uri, Username: "fred", Password: "another"}
	return cfg, func() int { return int(attempts.Load()) }
}

// strangersCertificate is a server whose certificate is not of the authority that
// we trust.
func strangersCertificate(t *testing.T) (host.Config, func() int) {
	t.Helper()
	pair := issue(t, stranger(t), lab.CertificateSpec{Names: []string{"127.0.0.1"}})
	certificate, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	var attempts counter
	uri := peer(t, func(_ int, c net.Conn) {
		attempts.Add(1)
		_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}}).Handshake()
	})
	return host.Config{Name: "kvm9", URI: strings.Replace(uri, "tcp", "tls", 1) + "?pkipath=" + world(t).PKIPath}, func() int { return int(attempts.Load()) }
}

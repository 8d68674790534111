//go:build lab

package host_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// What somebody logs in with is in no error, whatever goes wrong on the way. The account in a URI is no secret, and is
// named: it may not be the one that somebody thinks. One of auth.conf or the provider's configuration is not.
func TestErrorsHideSecrets(t *testing.T) {
	w := world(t)
	const user, name, word = "us3r-of-uri", "s3cret-name", "s3cret-word"
	key, body := damagedKey(t)
	secrets := append([]string{name, word}, body...)
	ours := url.PathEscape(key)
	tests := map[string]string{
		"refused":              "qemu+tcp://us3r-of-uri@kvm1:1/system",
		"no such name":         "qemu+tcp://us3r-of-uri@kvm9.invalid/system",
		"mute":                 strings.Replace(peer(t, says("")), "://", "://us3r-of-uri@", 1),
		"no libvirt":           strings.Replace(peer(t, says("HTTP/1.1 400 Bad Request\r\n\r\n")), "://", "://us3r-of-uri@", 1),
		"no TLS":               "qemu+tls://us3r-of-uri@kvm1:16509/system?pkipath=" + w.PKIPath,
		"no authority":         "qemu+tls://us3r-of-uri@kvm1/system?pkipath=/none",
		"no certificate":       "qemu+tls://us3r-of-uri@kvm1/system?no_verify=1&pkipath=/none",
		"login by SASL":        w.Hosts[0].TLSURI,
		"SSH, no such account": "qemu+ssh://us3r-of-uri@kvm1/system",
		"SSH, damaged key":     "qemu+ssh://us3r-of-uri@kvm1/system?keyfile=" + ours,
		"SSH, nothing listens": "qemu+ssh://us3r-of-uri@kvm1:1/system",
		"in-process, account":  "qemu+libssh://us3r-of-uri@kvm1/system?keyfile=" + labKey,
		"in-process, key":      "qemu+libssh://us3r-of-uri@kvm1/system?keyfile=" + ours,
		"in-process, unknown":  "qemu+libssh://us3r-of-uri@kvm1/system?keyfile=" + labKey + "&known_hosts=/none",
		"socket":               "qemu+unix://us3r-of-uri@/system?socket=/none",
	}
	w.Hosts[0].RequireLogin(t, name, "another", "scram-sha-256")
	for test, uri := range tests {
		t.Run(test, func(t *testing.T) {
			h := open(t, host.Config{Name: "kvm9", URI: uri, Username: name, Password: word}, host.WithDeadlines(host.Deadlines{Open: 3 * time.Second}))
			err := ping(testContext(t), h)
			if !errors.Is(err, migration.ErrUnreachable) {
				t.Errorf("got %v, want a host that cannot be reached", err)
			}
			hides(t, err, secrets...)
			if named := strings.Contains(err.Error(), user); named != strings.Contains(uri, user) {
				t.Errorf("names the account: %v, want %v: %v", named, !named, err)
			}
		})
	}
}

// Nor is it in what libvirt says of the way from one host to another.
func TestErrorsOfPeersHideSecrets(t *testing.T) {
	w := world(t)
	source := connect(t, w.Hosts[0])
	uuid := w.StartGuest(t, lab.GuestSpec{Bare: true}).UUID
	for _, peer := range []string{
		"qemu+ssh://us3r-of-uri@kvm2/system",
		"qemu+tcp://us3r-of-uri@kvm2:1/system",
		"qemu+tls://us3r-of-uri@kvm2/system?pkipath=/none",
		"qemu+libssh2://us3r-of-uri@kvm2/system?known_hosts=/none",
		"qemu+carrier-pigeon://us3r-of-uri@kvm2/system",
	} {
		err := source.MigratePeerToPeer(testContext(t), uuid, peer, migration.Parameters{})
		if err == nil {
			t.Errorf("%s: migrates", peer)
		}
		hides(t, err, "us3r-of-uri")
	}
}

// damagedKey is a file with a private key that lacks a line, and the lines that
// it has.
func damagedKey(t *testing.T) (file string, body []string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(pem.EncodeToMemory(block))), "\n")
	body = append(lines[1:2:2], lines[3:len(lines)-1]...)
	file = filepath.Join(t.TempDir(), "key")
	content := strings.Join(append(append(lines[:2:2], lines[3:]...), ""), "\n")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, body
}

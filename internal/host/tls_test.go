//go:build lab

package host_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestTLSConnects(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, l := range labHosts(t) {
		for _, uri := range []string{l.TLSURI, strings.Replace(l.TLSURI, l.Name, l.Address, 1), strings.Replace(l.TLSURI, "qemu+tls", "qemu", 1)} {
			h := open(t, host.Config{Name: l.Name, URI: uri})
			id, err := h.Identity(testContext(t))
			if err != nil || id.HostUUID != l.UUID {
				t.Errorf("%s: got %+v, %v", uri, id, err)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	settleGoroutines(t, before)
}

// unreachable checks the error of a host that cannot be connected to: it names
// the host and has all the words.
func unreachable(t *testing.T, uri string, words ...string) {
	t.Helper()
	unreachableWithin(t, uri, host.DefaultOpen, words...)
}

// unreachableWithin is unreachable with another deadline to connect.
func unreachableWithin(t *testing.T, uri string, patience time.Duration, words ...string) {
	t.Helper()
	err := ping(testContext(t), open(t, host.Config{Name: "kvm9", URI: uri}, host.WithDeadlines(host.Deadlines{Open: patience})))
	if !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want a host that cannot be reached", err)
		return
	}
	for _, word := range append(words, "kvm9") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %q, want in it %q", err, word)
		}
	}
}

func authority(t *testing.T) *lab.Authority {
	t.Helper()
	a, err := world(t).Authority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func stranger(t *testing.T) *lab.Authority {
	t.Helper()
	a, err := lab.NewAuthority("a stranger")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *lab.Authority, spec lab.CertificateSpec) lab.KeyPair {
	t.Helper()
	pair, err := a.Issue(spec)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestTLSServerCertificates(t *testing.T) {
	l := labHosts(t)[1]
	expired, early, elsewhere, bare, hostile := l.CertificateSpec(), l.CertificateSpec(), l.CertificateSpec(), l.CertificateSpec(), l.CertificateSpec()
	hostile.Names = append(slices.Repeat([]string{strings.Repeat("x", 60)}, 100), "kvm7\x1b[2J")
	slices.Reverse(hostile.Names)
	expired.NotBefore, expired.NotAfter = time.Now().Add(-48*time.Hour), time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	expired.NotBefore = expired.NotAfter.Add(-time.Hour)
	early.NotBefore = time.Now().Add(12 * time.Hour)
	elsewhere.Names = []string{"kvm7", "10.77.0.17"}
	bare.Names = nil
	tests := map[string]struct {
		authority *lab.Authority
		spec      lab.CertificateSpec
		words     []string
	}{
		"expired":          {authority(t), expired, []string{"its certificate expired on 2 January 2026 03:04 UTC"}},
		"not yet valid":    {authority(t), early, []string{"its certificate is not valid before", "is this machine's clock right?"}},
		"for another host": {authority(t), elsewhere, []string{"its certificate is for kvm7, 10.77.0.17 and not for kvm2"}},
		"for another host, of another authority": {stranger(t), elsewhere, []string{
			"its certificate was not issued by the authority in", "it claims to be for kvm7, 10.77.0.17",
		}},
		"names that a terminal obeys": {authority(t), hostile, []string{"its certificate is for kvm7�[2J, "}},
		"common name alone":           {authority(t), bare, []string{"only in its common name (kvm2)", "issue it with kvm2 as a subject alternative name"}},
		"other authority":             {stranger(t), l.CertificateSpec(), []string{"its certificate was not issued by the authority in", world(t).PKIPath + "/cacert.pem"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l.ServeCertificate(t, issue(t, test.authority, test.spec))
			unreachable(t, l.TLSURI, append(test.words, "qemu+tls://kvm2/system")...)
			if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: l.TLSURI + "&no_verify=1"})); err != nil {
				t.Errorf("with no_verify: %v", err)
			}
		})
	}
}

func TestTLSClientCertificates(t *testing.T) {
	l := labHosts(t)[0]
	good := issue(t, authority(t), lab.CertificateSpec{CommonName: "me"})
	other := issue(t, authority(t), lab.CertificateSpec{CommonName: "me"})
	strange := issue(t, stranger(t), lab.CertificateSpec{CommonName: "me"})
	expired := issue(t, authority(t), lab.CertificateSpec{CommonName: "me", NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(1.5e9, 0)})
	revoked, err := authority(t).Revoke(other, readServerCertificate(t, l))
	if err != nil {
		t.Fatal(err)
	}
	harmless, err := authority(t).Revoke(other)
	if err != nil {
		t.Fatal(err)
	}
	replaced, err := authority(t).RevokeBetween(time.Unix(1e9, 0), time.Unix(1.5e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	future, err := authority(t).RevokeBetween(time.Unix(1.9e9, 0), time.Unix(2e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	foreigner := stranger(t)
	foreign, err := foreigner.Revoke(readServerCertificate(t, l))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		files map[string][]byte // beside the good ones; nil removes one
		words []string          // none: connects
	}{
		"good":                        {nil, nil},
		"none":                        {map[string][]byte{"clientcert.pem": nil, "clientkey.pem": nil}, []string{"it refuses a client without a certificate: there is no DIR/clientcert.pem and no DIR/clientkey.pem"}},
		"no certificate":              {map[string][]byte{"clientcert.pem": nil}, []string{"it refuses a client without a certificate: there is no DIR/clientcert.pem"}},
		"no key":                      {map[string][]byte{"clientkey.pem": nil}, []string{"it refuses a client without a certificate: there is no DIR/clientkey.pem"}},
		"of another authority":        {map[string][]byte{"clientcert.pem": strange.Certificate, "clientkey.pem": strange.Key}, []string{"it refuses the client certificate", "clientcert.pem"}},
		"expired":                     {map[string][]byte{"clientcert.pem": expired.Certificate, "clientkey.pem": expired.Key}, []string{"the client certificate", "clientcert.pem cannot be used: it expired on 14 July 2017"}},
		"key of another":              {map[string][]byte{"clientkey.pem": other.Key}, []string{"clientcert.pem cannot be used", "it does not match its key"}},
		"no authority":                {map[string][]byte{"cacert.pem": nil}, []string{"the CA certificate", "cacert.pem cannot be used: no such file"}},
		"bundle with other things":    {map[string][]byte{"cacert.pem": append([]byte("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"), authority(t).Certificate()...)}, nil},
		"authority is no certificate": {map[string][]byte{"cacert.pem": []byte("hello")}, []string{"cacert.pem cannot be used: it holds no PEM certificate"}},
		"host revoked":                {map[string][]byte{"cacrl.pem": revoked}, []string{"its certificate has been revoked", "cacrl.pem"}},
		"others revoked":              {map[string][]byte{"cacrl.pem": harmless}, nil},
		"list was replaced":           {map[string][]byte{"cacrl.pem": replaced}, []string{"cacrl.pem cannot be used: it expired on 14 July 2017 02:40 UTC; replace it with the authority's current list"}},
		"list of tomorrow":            {map[string][]byte{"cacrl.pem": future}, []string{"cacrl.pem cannot be used: it is not valid before 17 March 2030"}},
		"list of another authority":   {map[string][]byte{"cacrl.pem": foreign}, []string{"cacrl.pem cannot be used: its issuer \"CN=a stranger\" is not a trusted authority"}},
		"lists of two authorities":    {map[string][]byte{"cacrl.pem": append(append([]byte{}, harmless...), foreign...), "cacert.pem": append(authority(t).Certificate(), foreigner.Certificate()...)}, nil},
		"list is none":                {map[string][]byte{"cacrl.pem": []byte("hello")}, []string{"cacrl.pem cannot be used"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			files := map[string][]byte{"cacert.pem": authority(t).Certificate(), "clientcert.pem": good.Certificate, "clientkey.pem": good.Key}
			for file, content := range test.files {
				files[file] = content
			}
			for file, content := range files {
				if content == nil {
					continue
				}
				if err := os.WriteFile(filepath.Join(directory, file), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			uri := "qemu+tls://kvm1/system?pkipath=" + directory
			if test.words != nil {
				for i, words := range test.words {
					test.words[i] = strings.ReplaceAll(words, "DIR", directory)
				}
				unreachable(t, uri, append(test.words, directory)...)
				return
			}
			if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: uri})); err != nil {
				t.Error(err)
			}
		})
	}
}

func readServerCertificate(t *testing.T, l *lab.Host) lab.KeyPair {
	t.Helper()
	certificate, err := os.ReadFile(filepath.Join(l.Directory, "etc", "pki", "servercert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return lab.KeyPair{Certificate: certificate}
}

func TestTLSWithPeersThatAreNot(t *testing.T) {
	before := runtime.NumGoroutine()
	pair := issue(t, authority(t), lab.CertificateSpec{Names: []string{"127.0.0.1"}})
	own, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	over := func(behave func(*tls.Conn)) func(int, net.Conn) {
		return func(_ int, c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{own}})
			if s.HandshakeContext(context.WithoutCancel(t.Context())) == nil {
				behave(s)
			}
		}
	}
	tests := map[string]struct {
		behave func(int, net.Conn)
		word   string
	}{
		"never answers":                  {says(""), "did not answer within 3s"},
		"HTTP server":                    {says("HTTP/1.1 400 Bad Request\r\n\r\n"), "does not speak TLS on that port"},
		"hangs up":                       {func(int, net.Conn) {}, "the TLS handshake failed"},
		"never welcomes":                 {over(func(c *tls.Conn) { _, _ = io.Copy(io.Discard, c) }), "did not answer within 3s"},
		"hangs up in place of a welcome": {over(func(c *tls.Conn) { _ = c.Close() }), "refuses the client certificate"},
		"says something else":            {over(func(c *tls.Conn) { _, _ = c.Write([]byte{0}); _, _ = io.Copy(io.Discard, c) }), "refuses the client certificate"},
		"garbage in TLS": {over(func(c *tls.Conn) {
			_, _ = c.Write(append([]byte{1}, bytes.Repeat([]byte("HTTP"), 20)...))
			_, _ = io.Copy(io.Discard, c)
		}), "not a libvirt daemon"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			uri := strings.Replace(peer(t, test.behave), "qemu+tcp", "qemu+tls", 1) + "?pkipath=" + world(t).PKIPath
			patience := host.DefaultOpen
			if strings.HasSuffix(test.word, "within 3s") {
				patience = 3 * time.Second
			}
			unreachableWithin(t, uri, patience, test.word)
		})
	}
	t.Run("libvirt's port without TLS", func(t *testing.T) {
		unreachable(t, "qemu+tls://kvm1:16509/system?pkipath="+world(t).PKIPath, "does libvirt listen for TLS on that port?")
	})
	settleGoroutines(t, before)
}

package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// Whatever a peer says, and however much, an error repeats it fit to be shown.
func TestErrorsShowWhatPeersSay(t *testing.T) {
	t.Parallel()
	hostile := "\x1b[2J\x1b]0;owned\x07" + strings.Repeat("x\r\n", 1<<20)
	said := &tail{limit: stderrLimit}
	_, _ = said.Write([]byte(hostile))
	for name, err := range map[string]error{
		"ssh":                  sshFailure("kvm1", statusSSH, hostile),
		"ssh, refused":         sshFailure("kvm1", statusSSH, "Permission denied (\x1b[2J"+strings.Repeat("x", 2*sanitize.Limit)+")"),
		"ssh, command":         sshFailure("kvm1", 1, said.String()),
		"ssh, no such command": sshFailure("kvm1", statusNotFound, hostile),
		"libssh, handshake":    loginFailure(errors.New(hostile), &knownHosts{}, &keys{}),
		"TLS":                  handshakeFailure("kvm1", certificates{}, errors.New(hostile)),
		"TLS, certificate":     handshakeFailure("kvm1", certificates{}, &tls.CertificateVerificationError{Err: errors.New(hostile)}),
		"TLS, names": handshakeFailure("kvm1", certificates{}, &tls.CertificateVerificationError{
			UnverifiedCertificates: []*x509.Certificate{{}},
			Err:                    x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{hostile}}, Host: "kvm1"},
		}),
	} {
		text := err.Error()
		if utf8.RuneCountInString(text) > 2*sanitize.Limit {
			t.Errorf("%s: %d characters", name, len(text))
		}
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%s: %.200q", name, text)
		}
	}
}

package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"
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
		"ssh":                  sshFailure("kvm1", "", statusSSH, hostile),
		"ssh, refused":         sshFailure("kvm1", "", statusSSH, "Permission denied (\x1b[2J"+strings.Repeat("x", 2*sanitize.Limit)+")"),
		"ssh, command":         sshFailure("kvm1", "", 1, said.String()),
		"ssh, no such command": sshFailure("kvm1", "", statusNotFound, hostile),
		"libssh, handshake":    loginFailure(errors.New(hostile), "root", &knownHosts{}, &keys{}),
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

// Whoever reads why there is no stream needs no knowledge of sockets.
func TestFailuresToConnect(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens there any more
	e, err := Parse("qemu+tcp://" + l.Addr().String() + "/system")
	if err != nil {
		t.Fatal(err)
	}
	var failure *Error
	if _, err := e.Dial(t.Context()); !errors.As(err, &failure) || failure.Reason != "connection refused; is libvirtd running and listening there?" {
		t.Errorf("got %v", err)
	}
	if err := dialFailure(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "kvm1"}}); err.Error() != "the name does not resolve: no such host" {
		t.Errorf("got %v", err)
	}
	if err := dialFailure(&net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}); err.Error() != "no route to host" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Dial(ctx); !errors.Is(err, context.Canceled) || errors.As(err, &failure) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

package host

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/digitalocean/go-libvirt"
)

func TestShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "",
		"Permission denied":               "Permission denied",
		"  two\r\n\tlines \n":             "two lines",
		"Prüfsumme 不正":                    "Prüfsumme 不正",
		"\x1b[2J\x1b]0;owned\x07red":      "�[2J�]0;owned�red",
		"abc\u202edcba":                   "abc�dcba",
		"not\xffUTF-8":                    "not�UTF-8",
		"nul\x00 del\x7f c1\u0085x\u009b": "nul� del� c1 x�",
		strings.Repeat("x", 1<<20):        strings.Repeat("x", shownLimit) + "…",
	} {
		if got := shown(text); got != want {
			t.Errorf("%.50q: got %.50q, want %.50q", text, got, want)
		}
	}
}

func FuzzShown(f *testing.F) {
	f.Add("\x1b[31mred\x00\r\n")
	f.Add(strings.Repeat("ü ", 2*shownLimit))
	f.Fuzz(func(t *testing.T, text string) {
		got := shown(text)
		if n := utf8.RuneCountInString(got); n > shownLimit+2 {
			t.Errorf("%d characters", n)
		}
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q is not fit to be shown", got)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("%q has needless blanks", got)
		}
		if shown(got) != got && len(got) < shownLimit {
			t.Errorf("%q changes when it is shown once more", got)
		}
	})
}

// Whatever a peer says, and however much, an error repeats it fit to be shown.
func TestErrorsShowWhatPeersSay(t *testing.T) {
	t.Parallel()
	hostile := "\x1b[2J\x1b]0;owned\x07" + strings.Repeat("x\r\n", 1<<20)
	h, err := New(Config{Name: "kvm1", URI: "qemu+tcp://kvm1/system"})
	if err != nil {
		t.Fatal(err)
	}
	answer := libvirt.Error{Code: uint32(libvirt.ErrInternalError), Message: hostile}
	refused := appendText(appendWord(appendWord(appendWord(nil, uint32(libvirt.ErrAuthFailed)), 0), 1), hostile)
	_, _, mechanism := chooseMechanism([]string{hostile}, credentials{}, false)
	var said tail
	said.limit = stderrLimit
	_, _ = said.Write([]byte(hostile))
	for name, err := range map[string]error{
		"libvirt":              h.fail("test", answer),
		"libvirt, connecting":  h.fail("test", &dialError{cause: answer}),
		"libvirt, login":       refusedLogin(&xdr{rest: refused}),
		"SASL's mechanisms":    mechanism,
		"ssh":                  sshFailure("kvm1", statusSSH, hostile),
		"ssh, refused":         sshFailure("kvm1", statusSSH, "Permission denied (\x1b[2J"+strings.Repeat("x", 2*shownLimit)+")"),
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
		if utf8.RuneCountInString(text) > 2*shownLimit {
			t.Errorf("%s: %d characters", name, len(text))
		}
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%s: %.200q", name, text)
		}
	}
}

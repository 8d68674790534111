package transport

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
)

// What has ended on the host says why, to whoever reads or writes first; what
// was closed here has no reason but that.
func TestTunnelTellsWhyItEnded(t *testing.T) {
	t.Parallel()
	use := map[string]func(net.Conn) (int, error){
		"read":  func(c net.Conn) (int, error) { return c.Read(make([]byte, 1)) },
		"write": func(c net.Conn) (int, error) { return c.Write([]byte{0}) },
	}
	for name, use := range use {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ended := make(chan struct{})
			close(ended)
			near, far := net.Pipe()
			reason := errors.New("no such program")
			tunnel := &tunnel{Conn: near, ended: ended, failure: reason, end: func() {}}
			_ = far.Close()
			if _, err := use(tunnel); !errors.Is(err, reason) {
				t.Errorf("ended on the host: %v, want %v", err, reason)
			}
			_ = tunnel.Close()
			if _, err := use(tunnel); !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("closed here: %v, want %v", err, io.ErrClosedPipe)
			}
		})
	}
}

func TestChatter(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"\x00\x00\x00\x1c":       "",
		"\x02\x00\x00\x04":       "",
		"Welcome\r\nto kvm1":     "Welcome",
		"\r\nme@kvm1: hello":     "kvm1: hello",
		strings.Repeat("x", 500): strings.Repeat("x", 200),
		"\x7fELF":                "\x7fELF",
	} {
		if got := chatter([]byte(answer)); got != want {
			t.Errorf("%q: got %q, want %q", answer, got, want)
		}
	}
}

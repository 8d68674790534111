package host_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestSASLWithPeersThatAreNot(t *testing.T) {
	before := runtime.NumGoroutine()
	frame := func(length, procedure, kind, serial uint32, payload ...byte) string {
		var b []byte
		for _, word := range []uint32{length, 0x20008086, 1, procedure, kind, serial, 0} {
			b = binary.BigEndian.AppendUint32(b, word)
		}
		return string(append(b, payload...))
	}
	tests := map[string]struct {
		behave func(int, net.Conn)
		word   string
	}{
		"never answers":           {says(""), "did not answer within 1s"},
		"HTTP server":             {says("HTTP/1.1 400 Bad Request\r\n\r\n"), "not a libvirt daemon"},
		"hangs up":                {func(int, net.Conn) {}, "closed before libvirt answered"},
		"claims a lot":            {says(frame(16<<20, 66, 1, 1)), "sends 16777216 bytes before the login"},
		"answers another call":    {says(frame(32, 67, 1, 1, 0, 0, 0, 0)), "answers a call that was not made"},
		"answers an older call":   {says(frame(32, 66, 1, 7, 0, 0, 0, 0)), "answers a call that was not made"},
		"counts more than it has": {says(frame(32, 66, 1, 1, 0xff, 0xff, 0xff, 0xff)), "malformed reply"},
		"cut in the middle":       {func(_ int, c net.Conn) { _, _ = io.WriteString(c, frame(32, 66, 1, 1)) }, "closed before libvirt answered"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := host.Config{Name: "kvm9", URI: peer(t, test.behave), Username: "fred", Password: "s3cret"}
			var passes host.Deadlines
			if name == "never answers" {
				passes = neverOpens
			}
			checkRefused(t, ping(testContext(t), open(t, cfg, host.WithDeadlines(passes))), test.word)
		})
	}
	settleGoroutines(t, before)
}

// checkRefused checks an error of a host that refuses the login, and that nothing secret is in it.
func checkRefused(t *testing.T, err error, words ...string) {
	t.Helper()
	if !errors.Is(err, migration.ErrUnreachable) {
		t.Errorf("got %v, want a host that cannot be reached", err)
		return
	}
	for _, word := range append(words, "kvm9") {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("got %q, want in it %q", err, word)
		}
	}
	hides(t, err, "s3cret", "fred")
}

// hides checks an error, and all that is beneath it, for what it must not say,
// however it is printed.
func hides(t *testing.T, err error, secrets ...string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range secrets {
		for _, format := range []string{"%v", "%+v", "%#v", "%q"} {
			if text := fmt.Sprintf(format, err); strings.Contains(text, secret) {
				t.Errorf("%T shows %q: %s", err, secret, text)
				break
			}
		}
	}
	hides(t, errors.Unwrap(err), secrets...)
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, beneath := range several.Unwrap() {
			hides(t, beneath, secrets...)
		}
	}
}

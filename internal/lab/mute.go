package lab

import (
	"net"
	"testing"
)

// MuteURI is the URI of a host that accepts connections and never answers, until
// the test ends.
func MuteURI(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	return "qemu+tcp://" + listener.Addr().String() + "/system"
}

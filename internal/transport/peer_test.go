package transport

import (
	"strings"
	"testing"
)

func TestPeerIsRedacted(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://admin:hunter2@kvm1:2222/system?keyfile=/home/me/id&password=hunter2": "qemu+ssh://kvm1:2222/system",
		"qemu://a:hunter2@b:c/": "the peer URI",
	} {
		got := NewPeer(uri).Redact("cannot connect to " + uri + " as root@kvm2")
		if got != "cannot connect to "+want+" as kvm2" || strings.Contains(got, "hunter2") {
			t.Errorf("got %q", got)
		}
	}
}

package transport

import (
	"slices"
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

// TestPortOfAPeer has a default port of every transport that leads to another host.
func TestPortOfAPeer(t *testing.T) {
	t.Parallel()
	for name, way := range transports {
		if way.local != (way.port == "") {
			t.Errorf("%s is local: %v, and its port is %q", name, way.local, way.port)
		}
	}
	for uri, want := range map[string]string{
		"qemu://kvm1/system":            "16514",
		"qemu+tls://kvm1/system":        "16514",
		"qemu+tcp://kvm1/system":        "16509",
		"qemu+ssh://kvm1/system":        "22",
		"qemu+libssh://kvm1/system":     "22",
		"qemu+libssh2://kvm1:24/system": "24",
	} {
		others := slices.DeleteFunc([]string{"16514", "16509", "22", "24"}, func(port string) bool { return port == want })
		p := NewPeer(uri)
		if !p.Refused("unable to connect to server at 'kvm1:" + want + "'") {
			t.Errorf("%s: port %s is not the peer's", uri, want)
		}
		for _, other := range others {
			if p.Refused("unable to connect to server at 'kvm1:" + other + "'") {
				t.Errorf("%s: port %s is the peer's", uri, other)
			}
		}
	}
	if NewPeer("qemu+new://kvm1/system").Refused("unable to connect to server at 'kvm1:22'") {
		t.Error("a transport that is not known has the port of SSH")
	}
}

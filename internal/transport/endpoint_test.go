package transport

import (
	"strings"
	"testing"
)

func TestPasswordsGoToVerifiedHostsOnly(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]bool{
		"qemu+tls://kvm1/system":             false,
		"qemu://kvm1/system?no_verify=0":     false,
		"qemu+tls://kvm1/system?no_verify=1": true,
		"qemu://kvm1/system?no_verify=1":     true,
		"qemu+tcp://kvm1/system":             true,
		"qemu:///system":                     false,

		"qemu+ssh://kvm1/system":                                           false,
		"qemu+ssh://kvm1/system?no_verify=0":                               false,
		"qemu+ssh://kvm1/system?no_verify=1":                               true,
		"qemu+libssh://kvm1/system":                                        false,
		"qemu+libssh://kvm1/system?known_hosts_verify=ignore":              true,
		"qemu+libssh://kvm1/system?known_hosts_verify=auto":                true,
		"qemu+libssh2://kvm1/system?no_verify=1":                           true,
		"qemu+libssh2://kvm1/system?no_verify=1&known_hosts_verify=normal": false,
	} {
		e, err := Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Readable(); got != want {
			t.Errorf("%s: others may read it: %v, want %v", uri, got, want)
		}
	}
}

func TestDriver(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://kvm1/system":                            "qemu:///system",
		"qemu:///session":                                   "qemu:///session",
		"qemu+tls://kvm1/system?name=qemu:///session":       "qemu:///session",
		"qemu+tls://kvm1/system?name=qemu%2Bunix:///system": "qemu+unix:///system",
		"qemu+tls://kvm1/system?name=qemu+unix:///system":   "qemu+unix:///system", // a plus sign is a plus sign
	} {
		e, err := Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Driver(); got != want {
			t.Errorf("%s: got %s, want %s", uri, got, want)
		}
	}
}

func TestEndpointIsRedacted(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://admin@kvm1:2222/system?keyfile=/home/me/id&password=hunter2": "qemu+ssh://kvm1:2222/system",
		"qemu+tls://admin@[2001:db8::1]/system?pkipath=/home/me/pki":             "qemu+tls://[2001:db8::1]/system",
		"qemu+unix:///session?socket=/run/user/1000/libvirt-sock":                "qemu+unix:///session",
	} {
		e, err := Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestRefusedURIIsNotQuoted refuses URIs that hold a password: the error must not.
func TestRefusedURIIsNotQuoted(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://admin:hunter2@kvm1:2222/system":       "it must not hold a password",
		"qemu://admin:hunter2@kvm1:port/system":           "it is not a valid URI",
		"qemu+ssh://admin@kvm1/system?keyfile=%zzhunter2": "its parameter keyfile",
	} {
		_, err := Parse(uri)
		if err == nil {
			t.Errorf("%s is not refused", uri)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

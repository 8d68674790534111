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
		"qemu+ssh://admin@kvm1:2222/system?keyfile=/home/me/id&authfile=/home/me/auth.conf": "qemu+ssh://admin@kvm1:2222/system",
		"qemu+tls://admin@[2001:db8::1]/system?pkipath=/home/me/pki":                        "qemu+tls://admin@[2001:db8::1]/system",
		"qemu+unix:///session?socket=/run/user/1000/libvirt-sock":                           "qemu+unix:///session",
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
		"qemu://admin:hunter2@kvm1:port/system":           "its port",
		"qemu+ssh://admin@kvm1/system?keyfile=%zzhunter2": "its parameter keyfile",
		"qemu+ssh://admin:hunter2/system":                 "its port",
		"qemu+ssh://kvm1:ssh/system":                      "its port, which follows the host's last colon, must be a number from 1 to 65535",
		"qemu+tls://kvm1:99999/system":                    "its port must be 1 to 65535",
		"qemu+ssh://kvm1/system?keyfil=hunter2":           `its parameter "keyfil" is unknown; did you mean keyfile?`,
		"qemu+tls://kvm1/system?pki_path=hunter2":         `its parameter "pki_path" is unknown; did you mean pkipath?`,
		"qemu+tls://kvm1/system?no-verify=1":              `its parameter "no-verify" is unknown; did you mean no_verify?`,
		"qemu+tls://kvm1/system?password=hunter2":         `its parameter "password" is unknown; libvirt knows authfile, command,`,
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

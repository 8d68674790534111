package transport

import "testing"

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

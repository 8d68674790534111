package transport

import "testing"

func TestAddresses(t *testing.T) {
	t.Parallel()
	const brackets = "an IPv6 address is written in brackets: "
	for hostport, want := range map[string]string{
		"kvm2": "", "kvm2:49152": "", "10.0.0.2": "", "10.0.0.2:1": "", "[fd00::2]": "", "[fd00::2]:65535": "",
		"[fe80::1%eth0]": "", "[fe80::1%eth0]:22": "",

		"fd00::2":           brackets + "[fd00::2]",
		"FD00:0:0::2":       brackets + "[fd00::2]",
		"fd00::2:49152":     brackets + "[fd00::2]:49152",
		"1:2:3:4:5:6:7:8:9": brackets + "[1:2:3:4:5:6:7:8]:9",
		"::1":               brackets + "[::1]",
		"a:b:c":             brackets + "[fd00::2]",
		"kvm2:":             "it has a colon and no port behind it; leave the colon out",
		"[fd00::2]:":        "it has a colon and no port behind it; leave the colon out: [fd00::2]",
		"kvm2:0":            "its port must be 1 to 65535",
		"kvm2:65536":        "its port must be 1 to 65535",
		"[fd00::2]:70000":   "its port must be 1 to 65535",
	} {
		got := ""
		if err := checkAddress(hostport); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", hostport, got, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.1.2.3": true, "0.0.0.0": true, "::1": true, "::": true, "::ffff:127.0.0.1": true,
		"localhost": true, "LOCALHOST.": true, "localhost.localdomain": true, "kvm2.localhost": true, "ip6-localhost": true,
		"10.0.0.1": false, "fd00::1": false, "kvm2": false, "localhost2": false, "mylocalhost": false, "": false,
	} {
		if got := Loopback(host); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}

func TestMigrationURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]MigrationURI{
		"tcp://10.0.0.2":         {Host: "10.0.0.2"},
		"tcp://kvm2:49152":       {Host: "kvm2", Port: 49152},
		"tcp://[fd00::2]:49152":  {Host: "fd00::2", Port: 49152},
		"rdma://[fd00::2]":       {Host: "fd00::2", RDMA: true},
		"rdma://10.0.0.2:65535/": {Host: "10.0.0.2", Port: 65535, RDMA: true},
	} {
		if got, err := ParseMigrationURI(uri); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", uri, got, err)
		}
	}
}

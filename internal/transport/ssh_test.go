package transport

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSSHCommand(t *testing.T) {
	t.Parallel()
	always := []string{"-T", "-e", "none", "-o", "ConnectTimeout=15", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes", "-o", "ControlMaster=no"}
	batch := append(always[:len(always):len(always)], "-o", "BatchMode=yes")
	concat := func(parts ...[]string) []string {
		var all []string
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	tests := map[string]struct {
		uri  string
		want []string // without the command on the host
	}{
		"host":           {"qemu+ssh://kvm1/system", concat([]string{"ssh"}, batch, []string{"--", "kvm1"})},
		"user and port":  {"qemu+ssh://root@kvm1:2222/system", concat([]string{"ssh", "-p", "2222", "-l", "root"}, batch, []string{"--", "kvm1"})},
		"IPv6":           {"qemu+ssh://[2001:db8::1]/system", concat([]string{"ssh"}, batch, []string{"--", "2001:db8::1"})},
		"key":            {"qemu+ssh://kvm1/system?keyfile=/home/me/a+b%20c", concat([]string{"ssh", "-i", "/home/me/a+b c"}, batch, []string{"--", "kvm1"})},
		"other ssh":      {"qemu+ssh://kvm1/system?command=/opt/ssh", concat([]string{"/opt/ssh"}, batch, []string{"--", "kvm1"})},
		"may ask":        {"qemu+ssh://kvm1/system?no_tty=0", concat([]string{"ssh"}, always, []string{"--", "kvm1"})},
		"must not ask":   {"qemu+ssh://kvm1/system?no_tty=1", concat([]string{"ssh"}, batch, []string{"--", "kvm1"})},
		"new keys":       {"qemu+ssh://kvm1/system?no_verify=1", concat([]string{"ssh"}, batch, []string{"-o", "StrictHostKeyChecking=accept-new", "--", "kvm1"})},
		"no new keys":    {"qemu+ssh://kvm1/system?no_verify=0", concat([]string{"ssh"}, batch, []string{"--", "kvm1"})},
		"known hosts":    {`qemu+ssh://kvm1/system?known_hosts=/h/100%25%20"a"`, concat([]string{"ssh"}, batch, []string{"-o", `UserKnownHostsFile="/h/100%% \"a\""`, "--", "kvm1"})},
		"option as user": {"qemu+ssh://-oProxyCommand=reboot@kvm1/system", concat([]string{"ssh", "-l", "-oProxyCommand=reboot"}, batch, []string{"--", "kvm1"})},
		"option as host": {"qemu+ssh://-oProxyCommand=reboot/system", concat([]string{"ssh"}, batch, []string{"--", "-oProxyCommand=reboot"})},
		"option as key":  {"qemu+ssh://kvm1/system?keyfile=-oProxyCommand=reboot", concat([]string{"ssh", "-i", "-oProxyCommand=reboot"}, batch, []string{"--", "kvm1"})},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := unchecked(test.uri)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sshCommand(e)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got[:len(got)-1]); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
			if remote := got[len(got)-1]; !strings.HasPrefix(remote, "sh -c '") {
				t.Errorf("the host runs %s", remote)
			}
		})
	}
}

func TestSSHURIValidation(t *testing.T) {
	t.Parallel()
	for uri, reason := range map[string]string{
		"qemu+ssh://root@kvm1/system": "",
		"qemu+ssh://kvm1/session":     "",
		"qemu+ssh://kvm1:22/system?no_verify=1&no_tty=0&proxy=netcat&mode=legacy&socket=/s": "",
		"qemu+libssh://kvm1/system?known_hosts_verify=auto&sshauth=agent,privkey":           "",
		"qemu+libssh2://root@kvm1/system?keyfile=/k&known_hosts=/h&no_verify=1":             "",
		"qemu+libssh://kvm1/system?sshauth=agent,%20password":                               "",
		"qemu+ssh:///system":                                  "needs a host name",
		"qemu+libssh:///system":                               "needs a host name",
		"qemu+ssh://root:hunter2@kvm1/system":                 "must not hold a password; log in with a key or an agent",
		"qemu+libssh://root:hunter2@kvm1/system":              "must not hold a password; log in with a key or an agent",
		"qemu+ssh://kvm1/system?proxy=telnet":                 "parameter proxy must be one of",
		"qemu+libssh://kvm1/system?mode=odd":                  "parameter mode must be one of",
		"qemu+ssh://kvm1/system?no_verify=yes":                "parameter no_verify must be 0 or 1",
		"qemu+ssh://kvm1/system?no_tty=":                      "parameter no_tty must be 0 or 1",
		"qemu+libssh://kvm1/system?no_verify=":                "parameter no_verify must be 0 or 1",
		"qemu+ssh://kvm1/system?known_hosts_verify=auto":      "belongs to qemu+libssh; use no_verify with qemu+ssh",
		"qemu+ssh://kvm1/system?sshauth=agent":                "belongs to qemu+libssh",
		"qemu+libssh://kvm1/system?command=/bin/ssh":          "belongs to qemu+ssh; qemu+libssh runs no ssh",
		"qemu+libssh2://kvm1/system?known_hosts_verify=never": "parameter known_hosts_verify must be one of normal, auto, ignore",
		"qemu+libssh://kvm1/system?sshauth=kerberos":          "parameter sshauth must be a list of agent, privkey",
		"qemu+libssh://kvm1/system?sshauth=password":          "has only methods that ask a person",
		"qemu+ssh://kvm1/system?keyfile=/a%0Ab":               "parameter keyfile must not hold control characters",
		"qemu+ssh://kvm1/system?known_hosts=${HOME}/x":        "parameter known_hosts must not hold ${, which ssh replaces",
		"qemu+ssh://kvm1/system?keyfile=/k/${USER}":           "parameter keyfile must not hold ${, which ssh replaces",
		"qemu+ssh://kvm1/system?command=/opt/$ssh":            "",
		"qemu+ssh://kvm1/system?keyfile=%zz":                  "parameter keyfile is not percent-encoded correctly",
	} {
		_, err := Parse(uri)
		switch {
		case reason == "" && err != nil:
			t.Errorf("%s: %v", uri, err)
		case reason == "":
		case err == nil || !strings.Contains(err.Error(), reason):
			t.Errorf("%s: got %v, want %s", uri, err, reason)
		case strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// unchecked is an endpoint of a URI that nobody has looked at for what a shell
// would make of it.
func unchecked(uri string) (*Endpoint, error) {
	e, err := parseURI(uri)
	if err == nil {
		e.parameters, err = parseParameters(e.uri.RawQuery)
	}
	return e, err
}

func TestSSHPeerURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://root@kvm1:2222/system?keyfile=/k&known_hosts=/h&no_verify=1&no_tty=1&command=/s&proxy=netcat&netcat=nc&socket=/s&mode=auto": "qemu+ssh://root@kvm1:2222/system",
		"qemu+libssh://kvm1/system?sshauth=agent&known_hosts_verify=auto":                                                                       "qemu+libssh://kvm1/system",
		"qemu+ssh://kvm1/system?name=qemu:///session":                                                                                           "qemu+ssh://kvm1/system?name=qemu%3A%2F%2F%2Fsession",
	} {
		e, err := Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.PeerURI(); got != want {
			t.Errorf("%s: got %s, want %s", uri, got, want)
		}
	}
}

func FuzzSSHCommand(f *testing.F) {
	f.Add("qemu+ssh://root@kvm1:22/system?keyfile=/k&known_hosts=/h&no_verify=1&command=/c")
	f.Add("qemu+ssh://-oX@-oY/session?socket=';reboot&netcat=$(reboot)")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := unchecked(s)
		if err != nil {
			return
		}
		args, err := sshCommand(e)
		if err != nil {
			return
		}
		if args[len(args)-3] != "--" || args[len(args)-2] != e.Hostname() {
			t.Errorf("%q: the host's name could be taken for an option in %q", s, args)
		}
		for _, arg := range args {
			if strings.ContainsRune(arg, 0) {
				t.Errorf("%q: no argument of a program: %q", s, arg)
			}
		}
	})
}

// TestMissingKeyfileIsRefused has key files that there are not: ssh would offer other keys
// without a word.
func TestMissingKeyfileIsRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, name := range []string{"id", "agent.pub"} {
		if err := os.WriteFile(filepath.Join(home, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"":                "",
		home + "/id":      "",
		home + "/agent":   "", // the agent has its other half
		"~/none":          "", // ssh resolves it
		"%d/none":         "",
		home + "/none":    "the parameter keyfile: there is no file " + home + "/none",
		"/nonexistent/id": "the parameter keyfile: there is no file /nonexistent/id",
	} {
		got := ""
		if err := (sshDialer{keyfile: file}).checkKeyfile(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

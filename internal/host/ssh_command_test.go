package host

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSSHCommand(t *testing.T) {
	t.Parallel()
	always := []string{"-T", "-e", "none", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes", "-o", "ControlMaster=no"}
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
			uri, err := parseURI(test.uri)
			if err != nil {
				t.Fatal(err)
			}
			got, err := sshCommand(uri)
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
		"qemu+ssh://root:hunter2@kvm1/system":                 "holds a password, for which a URI is no place; log in with a key or an agent",
		"qemu+libssh://root:hunter2@kvm1/system":              "holds a password, for which a URI is no place; log in with a key or an agent",
		"qemu+ssh://kvm1/system?proxy=telnet":                 "parameter proxy is one of",
		"qemu+libssh://kvm1/system?mode=odd":                  "parameter mode is one of",
		"qemu+ssh://kvm1/system?no_verify=yes":                "parameter no_verify is 0 or 1",
		"qemu+ssh://kvm1/system?no_tty=":                      "parameter no_tty is 0 or 1",
		"qemu+libssh://kvm1/system?no_verify=":                "parameter no_verify is 0 or 1",
		"qemu+ssh://kvm1/system?known_hosts_verify=auto":      "is of qemu+libssh; qemu+ssh has no_verify",
		"qemu+ssh://kvm1/system?sshauth=agent":                "is of qemu+libssh",
		"qemu+libssh://kvm1/system?command=/bin/ssh":          "is of qemu+ssh; qemu+libssh runs no ssh",
		"qemu+libssh2://kvm1/system?known_hosts_verify=never": "parameter known_hosts_verify is one of normal, auto, ignore",
		"qemu+libssh://kvm1/system?sshauth=kerberos":          "parameter sshauth is a list of agent, privkey",
		"qemu+libssh://kvm1/system?sshauth=password":          "leaves only ways to log in that ask somebody",
		"qemu+ssh://kvm1/system?keyfile=/a%0Ab":               "parameter keyfile must not hold control characters",
		"qemu+ssh://kvm1/system?keyfile=%zz":                  "parameter keyfile is not percent-encoded right",
	} {
		errs := Config{Name: "kvm1", URI: uri}.Validate()
		switch {
		case reason == "" && len(errs) > 0:
			t.Errorf("%s: %v", uri, errs[0])
		case reason == "":
		case len(errs) != 1 || errs[0].Field != FieldURI || !strings.Contains(errs[0].Reason, reason):
			t.Errorf("%s: got %v, want %s", uri, errs, reason)
		case strings.Contains(errs[0].Error(), "hunter2"):
			t.Errorf("%s: %v", uri, errs[0])
		}
	}
}

func TestSSHPeerURI(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"qemu+ssh://root@kvm1:2222/system?keyfile=/k&known_hosts=/h&no_verify=1&no_tty=1&command=/s&proxy=native&netcat=nc&socket=/s&mode=auto": "qemu+ssh://root@kvm1:2222/system",
		"qemu+libssh://kvm1/system?sshauth=agent&known_hosts_verify=auto":                                                                       "qemu+libssh://kvm1/system",
		"qemu+ssh://kvm1/system?name=qemu:///session":                                                                                           "qemu+ssh://kvm1/system?name=qemu%3A%2F%2F%2Fsession",
	} {
		if got := (Config{URI: uri}).EffectivePeerURI(); got != want {
			t.Errorf("%s: got %s, want %s", uri, got, want)
		}
	}
}

func FuzzSSHCommand(f *testing.F) {
	f.Add("qemu+ssh://root@kvm1:22/system?keyfile=/k&known_hosts=/h&no_verify=1&command=/c")
	f.Add("qemu+ssh://-oX@-oY/session?socket=';reboot&netcat=$(reboot)")
	f.Fuzz(func(t *testing.T, s string) {
		uri, err := parseURI(s)
		if err != nil {
			return
		}
		args, err := sshCommand(uri)
		if err != nil {
			return
		}
		if args[len(args)-3] != "--" || args[len(args)-2] != uri.Hostname() {
			t.Errorf("%q: the host's name could be taken for an option in %q", s, args)
		}
		for _, arg := range args {
			if strings.ContainsRune(arg, 0) {
				t.Errorf("%q: no argument of a program: %q", s, arg)
			}
		}
	})
}

func TestSSHFailure(t *testing.T) {
	t.Parallel()
	const changed = `@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
The fingerprint for the ED25519 key sent by the remote host is
SHA256:0123456789.
Offending ED25519 key in /home/me/.ssh/known_hosts:7
Host key verification failed.
`
	tests := map[string]struct {
		status int
		said   string
		want   string // "" is no failure
	}{
		"did what it should": {0, "Warning: Permanently added 'kvm1' (ED25519) to the list of known hosts.\n", ""},
		"host key changed":   {255, changed, adviceChangedKey + " (Offending ED25519 key in /home/me/.ssh/known_hosts:7); ssh-keygen -R kvm1 removes it"},
		"host key unknown":   {255, "No ED25519 host key is known for kvm1 and you have requested strict checking.\nHost key verification failed.\n", adviceUnknownKey + "no_verify=1 (Host key verification failed)"},
		"login refused":      {255, "Banner of the host\r\nroot@kvm1: Permission denied (publickey,password).\r\n", adviceLogin + " (kvm1: Permission denied (publickey,password))"},
		"login refused, key": {255, "Load key \"/k\": bad permissions\r\nroot@kvm1: Permission denied (publickey).\r\n", adviceLogin + ` (Load key "/k": bad permissions; kvm1: Permission denied (publickey))`},
		"jump host refuses":  {255, "me@jump: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n", adviceLogin + " (jump: Permission denied (publickey))"},
		"stops answering":    {255, "Timeout, server kvm1 not responding.\r\n", "it stopped answering (Timeout, server kvm1 not responding)"},
		"says nothing":       {255, "", "ssh failed"},
		"unheard of":         {255, "kvm1: the moon is in the wrong quarter\n", "ssh failed (kvm1: the moon is in the wrong quarter)"},
		"killed":             {-1, "", "ssh was killed"},
		"neither program":    {127, "sh: 1: exec: nc: not found\n", adviceHelper + " (sh: 1: exec: nc: not found)"},
		"no socket":          {1, "nc: /run/x: No such file or directory\n", adviceSocket + " (nc: /run/x: No such file or directory)"},
		"no daemon":          {1, "Ncat: Connection refused.\n", adviceSocket + " (Ncat: Connection refused)"},
		"no access":          {1, "nc: /run/x: Permission denied\n", adviceAccess + " (nc: /run/x: Permission denied)"},
		"forced command":     {7, "only backups here, me@home\n", "the command on the host ended with status 7 (only backups here, home)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := sshFailure("kvm1", test.status, test.said); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	t.Parallel()
	k := &tail{limit: 8}
	for _, part := range []string{"a", "bc", "defghijklm", "", "nop"} {
		if n, err := k.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got := k.String(); got != "ijklmnop" {
		t.Errorf("kept %q", got)
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

func TestParametersAreReadAsLibvirtDoes(t *testing.T) {
	t.Parallel()
	p, err := parametersOf(&url.URL{RawQuery: "a=1+2&b=%2Fx%20y&a=3&c&=4&d=e=f"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parameters{"a": "1+2", "b": "/x y", "c": "", "d": "e=f"}, p); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

package host

import (
	"net/url"
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
		"qemu+ssh://kvm1/system?known_hosts=${HOME}/x":        "parameter known_hosts must not hold ${, which ssh replaces",
		"qemu+ssh://kvm1/system?keyfile=/k/${USER}":           "parameter keyfile must not hold ${, which ssh replaces",
		"qemu+ssh://kvm1/system?command=/opt/$ssh":            "",
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
	// sshd says it of every account without a home.
	const chdir = "Could not chdir to home directory /home/x: No such file or directory\n"
	tests := map[string]struct {
		status int
		said   string
		want   string // "" is no failure
	}{
		"did what it should":                   {0, "Warning: Permanently added 'kvm1' (ED25519) to the list of known hosts.\n", ""},
		"host key changed":                     {255, changed, adviceChangedKey + " (Offending ED25519 key in /home/me/.ssh/known_hosts:7); ssh-keygen -R kvm1 removes it"},
		"host key unknown":                     {255, "No ED25519 host key is known for kvm1 and you have requested strict checking.\nHost key verification failed.\n", adviceUnknownKey + "no_verify=1 (Host key verification failed)"},
		"login refused":                        {255, "Banner of the host\r\nroot@kvm1: Permission denied (publickey,password).\r\n", adviceLogin + " (kvm1: Permission denied (publickey,password))"},
		"login refused, key":                   {255, "Load key \"/k\": bad permissions\r\nroot@kvm1: Permission denied (publickey).\r\n", adviceLogin + ` (Load key "/k": bad permissions; kvm1: Permission denied (publickey))`},
		"jump host refuses":                    {255, "me@jump: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n", adviceLogin + " (jump: Permission denied (publickey))"},
		"stops answering":                      {255, "Timeout, server kvm1 not responding.\r\n", "it stopped answering (Timeout, server kvm1 not responding)"},
		"says nothing":                         {255, "", "ssh failed"},
		"unheard of":                           {255, "kvm1: the moon is in the wrong quarter\n", "ssh failed (kvm1: the moon is in the wrong quarter)"},
		"killed":                               {-1, "", "ssh was killed"},
		"neither program":                      {127, "sh: 1: exec: nc: not found\n", adviceHelper + " (sh: 1: exec: nc: not found)"},
		"no socket":                            {1, "nc: /run/x: No such file or directory\n", adviceSocket + " (nc: /run/x: No such file or directory)"},
		"no daemon":                            {1, "Ncat: Connection refused.\n", adviceSocket + " (Ncat: Connection refused)"},
		"no access":                            {1, "nc: /run/x: Permission denied\n", adviceAccess + " (nc: /run/x: Permission denied)"},
		"no home, no access":                   {1, chdir + "nc: unix connect failed: Permission denied\n", adviceAccess + " (nc: unix connect failed: Permission denied)"},
		"no home, no more":                     {1, chdir, "the command on the host ended with status 1"},
		"noise, no daemon":                     {1, "bash: /etc/profile.d/x.sh: Permission denied\nnc: unix connect failed: Connection refused\n", adviceSocket + " (nc: unix connect failed: Connection refused)"},
		"banner like a refusal":                {255, "Access for staff only. Permission denied (to all others).\r\nkex_exchange_identification: Connection closed by remote host\r\n", adviceClosed + " (kex_exchange_identification: Connection closed by remote host)"},
		"banner like many failures":            {255, "Too many authentication failures lock the account.\nConnection closed by 10.0.0.1 port 22\n", adviceClosed + " (Connection closed by 10.0.0.1 port 22)"},
		"banner like a time-out":               {255, "Idle sessions are timed out.\nConnection reset by 10.0.0.1 port 22\n", adviceClosed + " (Connection reset by 10.0.0.1 port 22)"},
		"too many keys":                        {255, "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.1 port 22\r\n", adviceLogin + " (Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures)"},
		"too many keys, old sshd":              {255, "Received disconnect from 10.0.0.1: 2: Too many authentication failures for alice\r\n", adviceLogin + " (Received disconnect from 10.0.0.1: 2: Too many authentication failures)"},
		"ssh older than 7.6":                   {255, "Permission denied (publickey,password).\r\n", adviceLogin + " (Permission denied (publickey,password))"},
		"user of a domain":                     {255, "EXAMPLE\\me@kvm1: Permission denied (gssapi-with-mic,keyboard-interactive).\n", adviceLogin + " (kvm1: Permission denied (gssapi-with-mic,keyboard-interactive))"},
		"no name":                              {255, "ssh: Could not resolve hostname kvm1: Name or service not known\r\n", "the name does not resolve; check the host in the URI, and HostName in ssh's configuration (ssh: Could not resolve hostname kvm1: Name or service not known)"},
		"nothing listens":                      {255, "ssh: connect to host kvm1 port 22: Connection refused\r\n", adviceRefused + " (ssh: connect to host kvm1 port 22: Connection refused)"},
		"nothing listens behind the jump host": {255, "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\nkex_exchange_identification: Connection closed by remote host\n", adviceRefused + " (channel 0: open failed: connect failed: Connection refused)"},
		"no network":                           {255, "ssh: connect to host kvm1 port 22: Network is unreachable\r\n", "there is no way to it; check the network (ssh: connect to host kvm1 port 22: Network is unreachable)"},
		"no answer":                            {255, "ssh: connect to host kvm1 port 22: Connection timed out\r\n", "it does not answer; check the network and firewalls (ssh: connect to host kvm1 port 22: Connection timed out)"},
		"no banner":                            {255, "Connection timed out during banner exchange\r\nConnection to 10.0.0.1 port 22 timed out\r\n", "it does not answer; check the network and firewalls (Connection timed out during banner exchange)"},
		"wrong option":                         {255, "/home/me/.ssh/config: line 3: Bad configuration option: foo\r\n", "ssh does not understand its configuration (/home/me/.ssh/config: line 3: Bad configuration option: foo)"},
		"hung up":                              {255, "Connection to kvm1 closed by remote host.\r\n", adviceClosed + " (Connection to kvm1 closed by remote host)"},
		"vanished":                             {255, "client_loop: send disconnect: Connection reset by peer\r\n", adviceClosed + " (client_loop: send disconnect: Connection reset by peer)"},
		"forced command":                       {7, "only backups here, me@home\n", "the command on the host ended with status 7 (only backups here, home)"},
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

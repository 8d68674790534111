package transport

import (
	"errors"
	"strings"
	"testing"
)

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
		"login refused":                        {255, "Banner of the host\r\nroot@kvm1: Permission denied (publickey,password).\r\n", refusedLogin("root") + " (kvm1: Permission denied (publickey,password))"},
		"login refused, key":                   {255, "Load key \"/k\": bad permissions\r\nroot@kvm1: Permission denied (publickey).\r\n", refusedLogin("root") + ` (Load key "/k": bad permissions; kvm1: Permission denied (publickey))`},
		"jump host refuses":                    {255, "me@jump: Permission denied (publickey).\nkex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n", refusedLogin("me") + " (jump: Permission denied (publickey))"},
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
		"too many keys":                        {255, "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures\r\nDisconnected from 10.0.0.1 port 22\r\n", refusedLogin("operator") + " (Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures)"},
		"too many keys, old sshd":              {255, "Received disconnect from 10.0.0.1: 2: Too many authentication failures for alice\r\n", refusedLogin("operator") + " (Received disconnect from 10.0.0.1: 2: Too many authentication failures)"},
		"ssh older than 7.6":                   {255, "Permission denied (publickey,password).\r\n", refusedLogin("operator") + " (Permission denied (publickey,password))"},
		"user of a domain":                     {255, "EXAMPLE\\me@kvm1: Permission denied (gssapi-with-mic,keyboard-interactive).\n", refusedLogin(`EXAMPLE\me`) + " (kvm1: Permission denied (gssapi-with-mic,keyboard-interactive))"},
		"no name":                              {255, "ssh: Could not resolve hostname kvm1: Name or service not known\r\n", "the name does not resolve; check the host in the URI, and HostName in ssh's configuration (ssh: Could not resolve hostname kvm1: Name or service not known)"},
		"nothing listens":                      {255, "ssh: connect to host kvm1 port 22: Connection refused\r\n", adviceRefused + " (ssh: connect to host kvm1 port 22: Connection refused)"},
		"nothing listens behind the jump host": {255, "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\nkex_exchange_identification: Connection closed by remote host\n", adviceRefused + " (channel 0: open failed: connect failed: Connection refused)"},
		"no network":                           {255, "ssh: connect to host kvm1 port 22: Network is unreachable\r\n", "there is no route to it; check the network (ssh: connect to host kvm1 port 22: Network is unreachable)"},
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
			if err := sshFailure("kvm1", "operator", test.status, test.said); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// How long a failure lasts decides how soon the host is bothered again.
func TestPersistenceOfSSHFailures(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]Persistence{
		"root@kvm9: Permission denied (publickey,password).\n":    LoginRefused,
		"Received disconnect: Too many authentication failures\n": LoginRefused,
		"Host key verification failed.\n":                         Permanent,
		"@ REMOTE HOST IDENTIFICATION HAS CHANGED! @\n":           Permanent,
		"ssh: connect to host kvm9 port 22: Connection refused\n": Temporary,
		"kvm9: the moon is in the wrong quarter\n":                Temporary,
	} {
		var e *Error
		if err := sshFailure("kvm9", "", statusSSH, said); !errors.As(err, &e) || e.Persistence != want {
			t.Errorf("%s: got %+v, want %d", said, err, want)
		}
	}
	for _, said := range []string{
		"nc: /run/libvirt/libvirt-sock: No such file or directory\n", "nc: unix connect failed: Permission denied\n",
	} {
		var e *Error
		if err := sshFailure("kvm9", "", 1, said); !errors.As(err, &e) || e.Persistence != Temporary {
			t.Errorf("%s: got %+v", said, err)
		}
	}
	var e *Error
	err := loginFailure(errors.New("ssh: unable to authenticate"), "root", &knownHosts{}, &keys{})
	if !errors.As(err, &e) || e.Persistence != Permanent || !strings.HasPrefix(e.Reason, `it refused the login of the user "root"`) {
		t.Errorf("no key to offer: got %+v", err)
	}
}

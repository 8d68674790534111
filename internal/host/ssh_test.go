//go:build lab

package host_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// sshSchemes are the ways through SSH.
var sshSchemes = []string{"qemu+ssh", "qemu+libssh", "qemu+libssh2"}

// sshURI is a host's URI by a scheme, for an account of the lab (root where it
// is empty), with parameters in pairs of name and value. Inside the process no
// configuration names the lab's key, so the URI does.
func sshURI(l *lab.Host, scheme, account string, pairs ...string) string {
	if account == "" {
		account = "root"
	}
	query := []string{}
	if scheme != "qemu+ssh" && !strings.Contains(strings.Join(pairs, " "), "keyfile") {
		pairs = append(pairs, "keyfile", labKey)
	}
	for i := 0; i < len(pairs); i += 2 {
		query = append(query, pairs[i]+"="+url.PathEscape(pairs[i+1]))
	}
	u := url.URL{Scheme: scheme, User: url.User(account), Host: l.Name, Path: "/system", RawQuery: strings.Join(query, "&")}
	return u.String()
}

// sshDeadlines are short, and yet let ssh say by itself what is wrong.
var sshDeadlines = host.Deadlines{Open: 5 * time.Second, Call: 2 * time.Second, Close: 5 * time.Second}

// labKey is the key that all accounts of the lab take.
const labKey = "/etc/ssh/key"

// configured is a value for the parameter command: ssh with a configuration of
// the test's.
func configured(t testing.TB, configuration string) string {
	t.Helper()
	directory := t.TempDir()
	file, script := filepath.Join(directory, "config"), filepath.Join(directory, "ssh")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec ssh -F "+file+" \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}

func TestSSHReachesLibvirt(t *testing.T) {
	l := labHosts(t)[0]
	socket := "/run/libvirt/libvirt-sock"
	tests := map[string][]string{
		"as it is":                   nil,
		"helper":                     {"proxy", "native"},
		"helper with socket":         {"proxy", "native", "socket", socket},
		"helper, libvirtd":           {"proxy", "native", "mode", "legacy"},
		"netcat":                     {"proxy", "netcat"},
		"netcat with socket":         {"socket", socket},
		"netcat with path":           {"netcat", "/usr/bin/nc"},
		"netcat, libvirtd":           {"proxy", "netcat", "mode", "legacy"},
		"key":                        {"keyfile", labKey},
		"known hosts":                {"known_hosts", world(t).SSH.KnownHosts},
		"no questions":               {"no_tty", "1"},
		"questions, but none needed": {"no_tty", "0"},
		"parameter of the driver":    {"name", "qemu:///system"},
	}
	for _, scheme := range sshSchemes {
		for name, parameters := range tests {
			if scheme == "qemu+libssh2" && parameters != nil {
				continue // another name for qemu+libssh
			}
			t.Run(scheme+", "+name, func(t *testing.T) {
				h := open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "", parameters...)})
				id, err := h.Identity(testContext(t))
				if err != nil {
					t.Fatal(err)
				}
				if id.HostUUID != l.UUID {
					t.Errorf("reached %+v, want %s", id, l.UUID)
				}
			})
		}
	}
}

// A host without virt-ssh-helper is reached by netcat, one without either says
// so.
func TestSSHWithoutHelper(t *testing.T) {
	l := labHosts(t)[0]
	hide(t, l, "virt-ssh-helper")
	for _, scheme := range sshSchemes[:2] {
		if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "")})); err != nil {
			t.Error(err)
		}
	}
	hide(t, l, "nc")
	for _, scheme := range sshSchemes[:2] {
		for _, proxy := range []string{"auto", "netcat", "native"} {
			err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "", "proxy", proxy)}))
			checkUnreachable(t, err, "the host lacks the program that connects to libvirt's socket: virt-ssh-helper")
		}
	}
}

func hide(t *testing.T, l *lab.Host, program string) {
	t.Helper()
	if err := l.HideProgram(testContext(t), program); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.ShowProgram(testContextAfter(t), program); err != nil {
			t.Error(err)
		}
	})
}

// checkUnreachable wants a host that cannot be reached, for a reason.
func checkUnreachable(t *testing.T, err error, reason string) {
	t.Helper()
	var e *host.Error
	switch {
	case !errors.As(err, &e) || !errors.Is(err, migration.ErrUnreachable):
		t.Errorf("got %v, want an unreachable host", err)
	case !strings.Contains(e.Message, reason):
		t.Errorf("got  %s\nwant %s", e.Message, reason)
	}
}

func TestSSHFailures(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	stranger := w.SSH.StrangerKey
	nowhere := filepath.Join(t.TempDir(), "none")
	notAKey := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(notAKey, []byte("not a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	const noKnownHosts = "GlobalKnownHostsFile /dev/null\nUserKnownHostsFile /dev/null\n"
	knownHosts := "GlobalKnownHostsFile " + w.SSH.KnownHosts + "\n"
	strict := configured(t, knownHosts+"IdentitiesOnly yes\n")
	unreachable := &lab.Host{Name: "10.77.0.99"}
	unresolved := &lab.Host{Name: "kvm1.invalid"}
	tests := map[string]struct{ ssh, libssh, reason string }{
		"key not accepted": {
			ssh:    sshURI(l, "qemu+ssh", "", "command", strict, "keyfile", stranger),
			libssh: sshURI(l, "qemu+libssh", "", "keyfile", stranger),
			reason: `it refused the login of the user "root"; check the user in the URI`,
		},
		"account locked": {
			ssh:    sshURI(l, "qemu+ssh", lab.Retired),
			libssh: sshURI(l, "qemu+libssh", lab.Retired),
			reason: `it refused the login of the user "` + lab.Retired + `"; check the user in the URI`,
		},
		"key file missing": {
			ssh:    sshURI(l, "qemu+ssh", "", "command", strict, "keyfile", nowhere),
			libssh: sshURI(l, "qemu+libssh", "", "keyfile", nowhere),
			reason: nowhere,
		},
		"key file holds no key": {
			ssh:    sshURI(l, "qemu+ssh", "", "command", strict, "keyfile", notAKey),
			libssh: sshURI(l, "qemu+libssh", "", "keyfile", notAKey),
			reason: notAKey,
		},
		"host key unknown": {
			ssh:    sshURI(l, "qemu+ssh", "", "command", configured(t, noKnownHosts+"IdentityFile "+labKey)),
			libssh: sshURI(l, "qemu+libssh", "", "known_hosts", nowhere),
			reason: "its host key is not known; connect to it once with ssh and compare the fingerprint",
		},
		"name does not resolve": {
			ssh:    sshURI(unresolved, "qemu+ssh", ""),
			libssh: sshURI(unresolved, "qemu+libssh", ""),
			reason: "the name does not resolve",
		},
		"connection refused": {
			ssh:    strings.Replace(sshURI(l, "qemu+ssh", ""), "kvm1", "kvm1:23", 1),
			libssh: strings.Replace(sshURI(l, "qemu+libssh", ""), "kvm1", "kvm1:23", 1),
			reason: "nothing listens there; is sshd running, and is the port right?",
		},
		"no such machine": {
			ssh:    sshURI(unreachable, "qemu+ssh", "", "command", configured(t, "ConnectTimeout 1\n")),
			libssh: sshURI(unreachable, "qemu+libssh", ""),
			reason: "no connection to ",
		},
		"not an SSH server": {
			ssh:    strings.Replace(sshURI(l, "qemu+ssh", ""), "kvm1", "kvm1:16509", 1),
			libssh: strings.Replace(sshURI(l, "qemu+libssh", ""), "kvm1", "kvm1:16509", 1),
			reason: "the other side closed the SSH connection",
		},
		"socket missing, helper": {
			ssh:    sshURI(l, "qemu+ssh", "", "proxy", "native", "socket", "/run/none"),
			libssh: sshURI(l, "qemu+libssh", "", "proxy", "native", "socket", "/run/none"),
			reason: "is libvirt installed and running there, with its socket where the URI says?",
		},
		"socket missing, netcat": {
			ssh:    sshURI(l, "qemu+ssh", "", "socket", "/run/none"),
			libssh: sshURI(l, "qemu+libssh", "", "socket", "/run/none"),
			reason: "is libvirt installed and running there, with its socket where the URI says? (nc: /run/none: No such file or directory)",
		},
		"not allowed on the socket, helper": {
			ssh:    sshURI(l, "qemu+ssh", lab.Visitor),
			libssh: sshURI(l, "qemu+libssh", lab.Visitor),
			reason: "that account may not use libvirt; add it to the group libvirt, for example, or log in as root",
		},
		"not allowed on the socket, netcat": {
			ssh:    sshURI(l, "qemu+ssh", lab.Visitor, "proxy", "netcat"),
			libssh: sshURI(l, "qemu+libssh", lab.Visitor, "proxy", "netcat"),
			reason: "that account may not use libvirt; add it to the group libvirt, for example, or log in as root",
		},
		"account that runs nothing": {
			ssh:    sshURI(l, "qemu+ssh", lab.Shellless),
			libssh: sshURI(l, "qemu+libssh", lab.Shellless),
			reason: `the host sent "This account is currently not available."`,
		},
		"netcat that is none": {
			ssh:    sshURI(l, "qemu+ssh", "", "netcat", "/bin/false"),
			libssh: sshURI(l, "qemu+libssh", "", "netcat", "/bin/false"),
			reason: "the command on the host ended with status 1",
		},
	}
	for name, test := range tests {
		for _, uri := range []string{test.ssh, test.libssh} {
			t.Run(strings.Split(uri, ":")[0]+", "+name, func(t *testing.T) {
				started := time.Now()
				err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: uri}, host.WithDeadlines(sshDeadlines)))
				checkUnreachable(t, err, test.reason)
				hides(t, err, "PRIVATE KEY")
				if took, limit := time.Since(started), sshDeadlines.Open+slack; took > limit {
					t.Errorf("took %s, more than %s", took, limit)
				}
			})
		}
	}
}

// An impostor, or a host that was reinstalled, is refused, also by those who
// accept unknown hosts.
func TestSSHHostKeyChanged(t *testing.T) {
	w := world(t)
	l := w.Hosts[0]
	t.Cleanup(func() { _ = w.Heal(testContextAfter(t)) })
	if err := l.ChangeHostKey(testContext(t)); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range sshSchemes[:2] {
		for _, parameters := range [][]string{nil, {"no_verify", "1"}} {
			err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "", parameters...)}))
			checkUnreachable(t, err, "its host key is not the known one; if the host was reinstalled, remove the old key")
			checkUnreachable(t, err, w.SSH.KnownHosts[strings.LastIndex(w.SSH.KnownHosts, "/"):]+":1")
		}
	}
	if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, "qemu+libssh", "", "known_hosts_verify", "ignore")})); err != nil {
		t.Error(err)
	}
}

// A host that is not known is accepted where the URI says so, and known from
// then on.
func TestSSHUnknownHostAccepted(t *testing.T) {
	l := labHosts(t)[0]
	for name, parameters := range map[string][]string{
		"qemu+ssh":          {"no_verify", "1"},
		"qemu+libssh":       {"no_verify", "1"},
		"qemu+libssh, auto": {"known_hosts_verify", "auto"},
	} {
		t.Run(name, func(t *testing.T) {
			scheme, _, _ := strings.Cut(name, ",")
			known := filepath.Join(t.TempDir(), "with blank", "known_hosts")
			if err := os.Mkdir(filepath.Dir(known), 0o700); err != nil {
				t.Fatal(err)
			}
			parameters = append(parameters, "known_hosts", known)
			if scheme == "qemu+ssh" {
				parameters = append(parameters, "command", configured(t, "GlobalKnownHostsFile /dev/null\nIdentityFile "+labKey))
			}
			if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "", parameters...)})); err != nil {
				t.Fatal(err)
			}
			learnt, err := os.ReadFile(known)
			if err != nil || !strings.Contains(string(learnt), "ssh-ed25519 ") {
				t.Errorf("learnt %q, %v", learnt, err)
			}
			if err := ping(testContext(t), open(t, host.Config{Name: l.Name, URI: sshURI(l, scheme, "", parameters[2:]...)})); err != nil {
				t.Error(err)
			}
		})
	}
}

// A jump host in ssh's configuration is passed without a word in the URI.
func TestSSHJumpHost(t *testing.T) {
	w := world(t)
	target, jump := w.Hosts[0], w.Hosts[1]
	through := configured(t, fmt.Sprintf(`Host inner
  HostName %s
  ProxyJump root@%s
  HostKeyAlias %s
Host *
  IdentityFile %s
  GlobalKnownHostsFile %s
`, target.Address, jump.Name, target.Name, labKey, w.SSH.KnownHosts))
	h := open(t, host.Config{Name: "inner", URI: sshURI(&lab.Host{Name: "inner"}, "qemu+ssh", "", "command", through)})
	id, err := h.Identity(testContext(t))
	if err != nil || id.HostUUID != target.UUID {
		t.Fatalf("got %+v, %v", id, err)
	}
	sessions(t, jump, 1)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	sessions(t, jump, 0)
}

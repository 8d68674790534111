package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Every host of the lab runs the distribution's sshd on its address. Every ssh in the lab, also that of a host's
// libvirtd, uses the lab's /etc/ssh: it logs in with the lab's key and knows the hosts' keys. The machine's accounts,
// keys and configuration are not used.

// Accounts on all hosts of the lab, besides root. All accept the same key.
const (
	// Visitor may log in and may not use libvirt.
	Visitor = "visitor"
	// Retired is an account that is locked: sshd refuses it.
	Retired = "retired"
	// Shellless is an account whose shell only says that it is not available.
	Shellless = "shellless"
)

// SSH is what programs in the lab log in to its hosts with.
type SSH struct {
	// Directory is mounted at /etc/ssh.
	Directory string
	// Key is the private key that all accounts accept, StrangerKey one that none accepts.
	Key, StrangerKey string
	// KnownHosts knows all hosts by their keys.
	KnownHosts string
}

func newSSH() SSH {
	ssh := filepath.Join(directory, "ssh")
	return SSH{
		Directory:   ssh,
		Key:         filepath.Join(ssh, "key"),
		StrangerKey: filepath.Join(ssh, "stranger_key"),
		KnownHosts:  filepath.Join(ssh, "ssh_known_hosts"),
	}
}

// buildSSH makes the keys and mounts the lab's accounts and SSH configuration over the machine's.
func (w *World) buildSSH(ctx context.Context) error {
	s := w.SSH
	if err := errors.Join(os.Mkdir(s.Directory, 0o755), os.Mkdir("/run/sshd", 0o755)); err != nil {
		return err
	}
	keys := []string{s.Key, s.StrangerKey}
	for _, host := range w.Hosts {
		keys = append(keys, host.hostKey(), host.impostorKey())
	}
	for _, key := range keys {
		if err := generateKey(ctx, key); err != nil {
			return err
		}
	}
	var known strings.Builder
	for _, host := range w.Hosts {
		public, err := os.ReadFile(host.hostKey() + ".pub")
		if err != nil {
			return err
		}
		fmt.Fprintf(&known, "%s,%s %s", host.Name, host.Address, public)
	}
	public, err := os.ReadFile(s.Key + ".pub")
	if err != nil {
		return err
	}
	files := map[string]string{
		s.KnownHosts:         known.String(),
		s.authorizedKeys():   string(public),
		s.path("ssh_config"): s.clientConfiguration(),
		s.path("passwd"):     accounts("/etc/passwd", visitorAccounts),
		s.path("shadow"):     accounts("/etc/shadow", visitorPasswords),
	}
	if err := os.Mkdir(s.path("empty"), 0o700); err != nil {
		return err
	}
	for path, content := range files {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return s.mount(ctx)
}

// mount puts the lab's files over the machine's.
func (s SSH) mount(ctx context.Context) error {
	mounts := [][]string{
		{"mount", "--bind", s.Directory, "/etc/ssh"},
		{"mount", "--bind", s.path("passwd"), "/etc/passwd"},
		{"mount", "--bind", s.path("shadow"), "/etc/shadow"},
	}
	// ssh reads the user's own configuration and keys here, whatever HOME is.
	if _, err := os.Stat("/root/.ssh"); err == nil {
		mounts = append(mounts, []string{"mount", "--bind", s.path("empty"), "/root/.ssh"})
	}
	return runAll(ctx, mounts)
}

func (s SSH) path(name string) string { return filepath.Join(s.Directory, name) }

func (s SSH) authorizedKeys() string { return s.path("authorized_keys") }

// clientConfiguration is the configuration of every ssh in the lab.
func (s SSH) clientConfiguration() string {
	return fmt.Sprintf(`IdentityFile %s
GlobalKnownHostsFile %s
UserKnownHostsFile %s
`, s.Key, s.KnownHosts, s.path("learnt_hosts"))
}

const visitorAccounts = Visitor + `:x:7001:65534::/:/bin/sh
` + Retired + `:x:7002:7002::/:/bin/sh
` + Shellless + `:x:7003:7003::/:/usr/sbin/nologin
`

// A password that begins with an exclamation mark is one of a locked account, to sshd; no password fits an asterisk.
const visitorPasswords = Visitor + `:*:20000::::::
` + Retired + `:!:20000::::::
` + Shellless + `:*:20000::::::
`

// accounts adds accounts to the machine's. Root must not be locked, whatever it is on the machine, and its shell must
// be one that reads no file of its home when sshd runs a command: what the machine's owner has there may take a minute.
func accounts(file, added string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		// An ordinary user cannot read the machine's passwords; sshd does without those of its other accounts.
		content = []byte("root:*:20000::::::\nsshd:*:20000::::::\n")
	}
	var kept strings.Builder
	for line := range strings.Lines(string(content)) {
		if strings.HasSuffix(file, "shadow") && strings.HasPrefix(line, "root:") {
			line = "root:*:20000::::::\n"
		}
		if strings.HasSuffix(file, "passwd") && strings.HasPrefix(line, "root:") {
			line = line[:strings.LastIndex(line, ":")] + ":/bin/sh\n"
		}
		kept.WriteString(strings.TrimRight(line, "\n") + "\n")
	}
	return kept.String() + added
}

// generateKey makes a pair of keys without a passphrase.
func generateKey(ctx context.Context, path string) error {
	return run(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", filepath.Base(path), "-f", path)
}

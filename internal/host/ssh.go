package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// dialSSH connects to a host's libvirt through the machine's own ssh (qemu+ssh),
// so that its configuration, agents, jump hosts and keys in hardware have their
// part. ssh has not logged in when it returns: what goes wrong is the error of
// the first read or write.
func dialSSH(ctx context.Context, uri *url.URL) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	args, err := sshCommand(uri)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(args[0], args[1:]...)
	t, err := startTunnel(cmd, func(status int, said string) error {
		return sshFailure(uri.Hostname(), status, said)
	})
	switch {
	case errors.Is(err, exec.ErrNotFound) && args[0] == "ssh":
		return nil, &tunnelError{
			reason: "this machine has no ssh; install OpenSSH's client (package openssh-client), or use qemu+libssh, which needs none",
			cause:  err,
		}
	case err != nil:
		return nil, &tunnelError{reason: "ssh did not start: " + err.Error(), cause: err}
	}
	return t, nil
}

// sshAlive finds a host that vanished without a word within the same 30 s as
// TCP's keepalive does elsewhere.
const (
	sshAliveInterval = 10 * time.Second
	sshAliveCount    = 3
)

// sshCommand is the command line for a URI. It is libvirt's
// (virNetSocketNewConnectSSH) where libvirt has an opinion.
func sshCommand(uri *url.URL) ([]string, error) {
	p, err := sshParameters(uri)
	if err != nil {
		return nil, err
	}
	remote, err := remoteCommand(uri)
	if err != nil {
		return nil, err
	}
	args := []string{"ssh"}
	if command := p["command"]; command != "" {
		args[0] = command
	}
	if port := uri.Port(); port != "" {
		args = append(args, "-p", port)
	}
	if user := uri.User.Username(); user != "" {
		args = append(args, "-l", user)
	}
	if keyfile := p["keyfile"]; keyfile != "" {
		args = append(args, "-i", keyfile)
	}
	options := []string{
		// Before it has logged in ssh does not look at its input: one whose host is mute
		// would outlive, for ever, a provider that was killed.
		fmt.Sprintf("ConnectTimeout=%d", DefaultOpen/time.Second),
		fmt.Sprintf("ServerAliveInterval=%d", sshAliveInterval/time.Second),
		fmt.Sprintf("ServerAliveCountMax=%d", sshAliveCount),
		// A forwarding in the user's configuration would fail on the second connection.
		"ClearAllForwardings=yes",
		// An ssh that became the master of others would take them with it at its end. A
		// master that is there already is used, as ControlPath says.
		"ControlMaster=no",
	}
	if ask := p["no_tty"] == "0"; !ask {
		options = append(options, "BatchMode=yes")
	}
	if trust, _ := p.flag("no_verify"); trust {
		// libvirt documents that new keys are accepted and known ones verified.
		options = append(options, "StrictHostKeyChecking=accept-new")
	}
	if file := p["known_hosts"]; file != "" {
		options = append(options, "UserKnownHostsFile="+sshConfigWord(file))
	}
	args = append(args, "-T", "-e", "none")
	for _, option := range options {
		args = append(args, "-o", option)
	}
	return append(args, "--", uri.Hostname(), remote), nil
}

// sshParameters are the parameters of a qemu+ssh URI, checked.
func sshParameters(uri *url.URL) (parameters, error) {
	p, err := parametersOf(uri)
	if err != nil {
		return nil, err
	}
	if _, found := p["known_hosts_verify"]; found {
		return nil, errors.New("its parameter known_hosts_verify is of qemu+libssh; qemu+ssh has no_verify")
	}
	if _, found := p["sshauth"]; found {
		return nil, errors.New("its parameter sshauth is of qemu+libssh; qemu+ssh does as ssh's configuration says")
	}
	for _, name := range []string{"no_verify", "no_tty"} {
		if _, err := p.flag(name); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"keyfile", "known_hosts", "command"} {
		if strings.ContainsFunc(p[name], unicode.IsControl) {
			return nil, fmt.Errorf("its parameter %s must not hold control characters", name)
		}
		if name != "command" && strings.Contains(p[name], "${") { // there is no escape for it
			return nil, fmt.Errorf("its parameter %s must not hold ${, which ssh replaces by what is in its environment", name)
		}
	}
	return p, nil
}

// checkSSH checks a qemu+ssh URI.
func checkSSH(uri *url.URL) error {
	_, err := sshCommand(uri)
	return err
}

// sshConfigWord writes a word of ssh_config(5), where a percent sign begins a
// token and blanks separate.
func sshConfigWord(word string) string {
	return `"` + strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

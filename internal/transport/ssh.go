package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// sshDialer connects to a host's libvirt through the machine's own ssh (qemu+ssh),
// so that its configuration, agents, jump hosts and keys in hardware have their
// part.
type sshDialer struct {
	host    string
	command []string
	// trust accepts the keys of hosts that are not known.
	trust bool
}

func parseSSH(e *Endpoint) (dialer, error) {
	if err := checkSSHParameters(e.parameters); err != nil {
		return nil, err
	}
	command, err := sshCommand(e)
	if err != nil {
		return nil, err
	}
	trust, err := e.parameters.flag("no_verify")
	return sshDialer{e.Hostname(), command, trust}, err
}

func (d sshDialer) readable() bool { return d.trust }

// dial starts ssh, which has not logged in when it returns: what goes wrong is the
// error of the first read or write.
func (d sshDialer) dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t, err := startTunnel(exec.Command(d.command[0], d.command[1:]...), func(status int, said string) error {
		return sshFailure(d.host, status, said)
	})
	switch {
	case errors.Is(err, exec.ErrNotFound) && d.command[0] == "ssh":
		return nil, &Error{
			Reason: "this machine has no ssh; install OpenSSH's client (package openssh-client), or use qemu+libssh, which needs none",
			Cause:  err,
		}
	case err != nil:
		return nil, &Error{Reason: "ssh did not start: " + err.Error(), Cause: err}
	}
	return t, nil
}

// ConnectTimeout is how long ssh may take to connect and log in. Before it has
// logged in ssh does not look at its input: one whose host is mute would outlive,
// for ever, a process that was killed.
const ConnectTimeout = 15 * time.Second

// sshAlive finds a host that vanished without a word within the same 30 s as
// TCP's keepalive does elsewhere.
const (
	sshAliveInterval = 10 * time.Second
	sshAliveCount    = 3
)

// sshCommand is the command line for a URI. It is libvirt's
// (virNetSocketNewConnectSSH) where libvirt has an opinion.
func sshCommand(e *Endpoint) ([]string, error) {
	p := e.parameters
	remote, err := remoteCommand(e.Driver(), p)
	if err != nil {
		return nil, err
	}
	args := []string{"ssh"}
	if command := p["command"]; command != "" {
		args[0] = command
	}
	if port := e.uri.Port(); port != "" {
		args = append(args, "-p", port)
	}
	if user := e.user(); user != "" {
		args = append(args, "-l", user)
	}
	if keyfile := p["keyfile"]; keyfile != "" {
		args = append(args, "-i", keyfile)
	}
	options := []string{
		fmt.Sprintf("ConnectTimeout=%d", ConnectTimeout/time.Second),
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
	return append(args, "--", e.Hostname(), remote), nil
}

// checkSSHParameters checks the parameters of a qemu+ssh URI.
func checkSSHParameters(p parameters) error {
	if _, found := p["known_hosts_verify"]; found {
		return errors.New("its parameter known_hosts_verify is of qemu+libssh; qemu+ssh has no_verify")
	}
	if _, found := p["sshauth"]; found {
		return errors.New("its parameter sshauth is of qemu+libssh; qemu+ssh does as ssh's configuration says")
	}
	for _, name := range []string{"no_verify", "no_tty"} {
		if _, err := p.flag(name); err != nil {
			return err
		}
	}
	for _, name := range []string{"keyfile", "known_hosts", "command"} {
		if strings.ContainsFunc(p[name], unicode.IsControl) {
			return fmt.Errorf("its parameter %s must not hold control characters", name)
		}
		if name != "command" && strings.Contains(p[name], "${") { // there is no escape for it
			return fmt.Errorf("its parameter %s must not hold ${, which ssh replaces by what is in its environment", name)
		}
	}
	return nil
}

// sshConfigWord writes a word of ssh_config(5), where a percent sign begins a
// token and blanks separate.
func sshConfigWord(word string) string {
	return `"` + strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

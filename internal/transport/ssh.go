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

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// sshDialer connects to a host's libvirt through the machine's own ssh (qemu+ssh), with
// its configuration, agents, jump hosts and hardware keys.
type sshDialer struct {
	host    string
	account string // the URI's user; empty where ssh's configuration has it
	keyfile string
	command []string
	// trust accepts the keys of unknown hosts.
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
	return sshDialer{e.Hostname(), e.user(), e.parameters["keyfile"], command, trust}, err
}

func (d sshDialer) readable() bool { return d.trust }

// dial starts ssh and does not wait for its login: a failure is the error of the first
// read or write.
func (d sshDialer) dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := d.checkKeyfile(); err != nil {
		return nil, err
	}
	t, err := startTunnel(exec.Command(d.command[0], d.command[1:]...), func(status int, said string) error {
		return sshFailure(d.host, d.account, status, said)
	})
	switch {
	case errors.Is(err, exec.ErrNotFound) && d.command[0] == "ssh":
		return nil, &Error{
			Reason: "this machine has no ssh; install OpenSSH's client (package openssh-client), " +
				"or use qemu+libssh, which needs none",
			Cause: err,
		}
	case err != nil:
		return nil, &Error{Reason: "ssh did not start: " + err.Error(), Cause: err}
	}
	return t, nil
}

// checkKeyfile refuses a key file that there is not: ssh would pass over it, and offer
// other keys. ssh itself resolves tildes and percent signs, and takes the public half
// alone for a key that the agent has.
func (d sshDialer) checkKeyfile() error {
	file := d.keyfile
	if file == "" || strings.HasPrefix(file, "~") || strings.Contains(file, "%") || clientconfig.Exists(file) ||
		clientconfig.Exists(file+".pub") {
		return nil
	}
	return &Error{Reason: fmt.Sprintf("the parameter keyfile: there is no file %s", file)}
}

// ConnectTimeout is how long ssh may take to connect and log in. Until then ssh does
// not read its input: with a silent host it would outlive a killed process for ever.
const ConnectTimeout = 15 * time.Second

// ssh notices a silent host within 30 s, like TCP's keepalive elsewhere.
const (
	sshAliveInterval = 10 * time.Second
	sshAliveCount    = 3
)

// sshCommand is the command line for a URI. It follows libvirt
// (virNetSocketNewConnectSSH).
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
		// A new master would end the sessions that share it; an existing one is used.
		"ControlMaster=no",
	}
	if ask := p["no_tty"] == "0"; !ask {
		options = append(options, "BatchMode=yes")
	}
	if trust, _ := p.flag("no_verify"); trust {
		// As libvirt documents: accept new keys, verify known ones.
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
		return errors.New("its parameter known_hosts_verify belongs to qemu+libssh; use no_verify with qemu+ssh")
	}
	if _, found := p["sshauth"]; found {
		return errors.New("its parameter sshauth belongs to qemu+libssh; qemu+ssh follows ssh's configuration")
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
		if name != "command" && strings.Contains(p[name], "${") { // it cannot be escaped
			return fmt.Errorf("its parameter %s must not hold ${, which ssh replaces from its environment", name)
		}
	}
	return nil
}

// sshConfigWord quotes a word for ssh_config(5).
func sshConfigWord(word string) string {
	return `"` + strings.NewReplacer("%", "%%", `\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

package transport

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// statusSSH is ssh's exit status when the failure is its own. Any other is that
// of the command on the host (ssh(1)).
const statusSSH = 255

// A shell's exit statuses when it cannot run a command, and when there is none of
// that name.
const (
	statusCannotRun = 126
	statusNotFound  = 127
)

// What to do about failures that both ways through SSH know.
const (
	adviceUnknownKey = "its host key is not known; connect to it once with ssh and compare the fingerprint, " +
		"add the key to the known_hosts file, or accept new keys with "
	adviceChangedKey = "its host key is not the one on record; if the host was reinstalled remove the old key, " +
		"else somebody may be between this machine and the host"
	adviceLogin = "it refuses to let us in; check the user in the URI, and that the host's authorized_keys has the key " +
		"of this machine: the parameter keyfile, the user's own or the agent's (ssh-add -l)"
	adviceRefused = "nothing listens there; is sshd running, and is the port right?"
	adviceClosed  = "the other side closed the SSH connection"
	adviceSocket  = "is libvirt installed and running there, with its socket where the URI says?"
	adviceAccess  = "that account may not use libvirt; let it, for example by the group libvirt, or log in as root"
	adviceHelper  = "the host lacks the program that passes the connection on to libvirt: virt-ssh-helper, of libvirt 6.8 or newer, " +
		"or a netcat that knows -U (on Debian netcat-openbsd)"
)

// sshFailures are what ssh says of failures of its own, the most telling first,
// and what to do. The words are tied to ssh's lines, because a host's banner, which
// may say anything, comes the same way.
var sshFailures = []struct {
	said        *regexp.Regexp
	advice      string
	persistence Persistence
}{
	{regexp.MustCompile(`^@ .*REMOTE HOST IDENTIFICATION HAS CHANGED`), adviceChangedKey, Permanent},
	{regexp.MustCompile(`^Host key verification failed\.`), adviceUnknownKey + "no_verify=1", Permanent},
	{regexp.MustCompile(`^(.+@\S+: )?Permission denied \(\S*\)`), adviceLogin, LoginRefused},
	{regexp.MustCompile(`^Received disconnect\b.*: Too many authentication failures`), adviceLogin, LoginRefused},
	{regexp.MustCompile(`^ssh: Could not resolve hostname `), "the name does not resolve; check the host in the URI, and HostName in ssh's configuration", Temporary},
	{regexp.MustCompile(`: Connection refused\.?$`), adviceRefused, Temporary},
	{regexp.MustCompile(`: (No route to host|Network is unreachable)\.?$`), "there is no way to it; check the network", Temporary},
	{regexp.MustCompile(`^Timeout, server .* not responding`), "it stopped answering", Temporary},
	{regexp.MustCompile(`\b(Connection|Operation) (to .* )?timed out`), "it does not answer; check the network and firewalls", Temporary},
	{regexp.MustCompile(`: Bad configuration option: `), "ssh does not understand its configuration", Temporary},
	{regexp.MustCompile(`\bConnection (to .* )?closed by `), adviceClosed, Temporary},
	{regexp.MustCompile(`\bConnection reset by `), adviceClosed, Temporary},
}

// remoteFailures are what virt-ssh-helper and netcat say.
var remoteFailures = []struct{ said, advice string }{
	{"No such file or directory", adviceSocket},
	{"Connection refused", adviceSocket},
	{"Permission denied", adviceAccess},
}

// sshFailure is why ssh ended, by its exit status (-1 when a signal ended it)
// and the last that it said; nil when it did what it should.
func sshFailure(host string, status int, said string) error {
	lines := meaningfulLines(said)
	switch status {
	case 0:
		return nil
	case -1:
		return &Error{Reason: "ssh was killed" + inWords(lastLine(lines))}
	case statusSSH:
		for _, f := range sshFailures {
			if i := slices.IndexFunc(lines, f.said.MatchString); i >= 0 {
				return &Error{Reason: f.advice + detail(f.advice, host, lines[i], lines), Persistence: f.persistence}
			}
		}
		return &Error{Reason: "ssh failed" + inWords(lastLine(lines))}
	}
	return remoteFailure(status, lines)
}

// remoteFailure is why the command on the host ended.
func remoteFailure(status int, lines []string) error {
	switch status {
	case 0:
		return nil
	case statusCannotRun, statusNotFound:
		return &Error{Reason: adviceHelper + inWords(lastLine(lines))}
	}
	// The command speaks last, after whatever the login shell has said.
	for _, line := range slices.Backward(lines) {
		for _, f := range remoteFailures {
			if strings.Contains(line, f.said) {
				return &Error{Reason: f.advice + inWords(line)}
			}
		}
	}
	return &Error{Reason: fmt.Sprintf("the command on the host ended with status %d", status) + inWords(lastLine(lines))}
}

// detail says which key file is meant, where ssh does.
func detail(advice, host, line string, lines []string) string {
	switch advice {
	case adviceChangedKey:
		remedy := inWords(find(lines, "Offending"))
		return remedy + "; ssh-keygen -R " + host + " removes it"
	case adviceLogin:
		for _, said := range []string{"Load key", "not accessible"} {
			if unusable := find(lines, said); unusable != "" {
				return inWords(unusable + "; " + line)
			}
		}
	}
	return inWords(line)
}

// inWords quotes what was said.
func inWords(line string) string {
	if line == "" {
		return ""
	}
	return " (" + strings.TrimSuffix(withoutUsers(sanitize.Text(line)), ".") + ")"
}

func find(lines []string, said string) string {
	for _, line := range lines {
		if strings.Contains(line, said) {
			return line
		}
	}
	return ""
}

func lastLine(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

func meaningfulLines(said string) []string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "@@@"):
		case strings.HasPrefix(line, "Could not chdir to home directory"): // sshd goes on without
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// refusedBySSH tells whether a text is what libvirt passes on of an ssh that did
// not get to the host's libvirt at all.
func refusedBySSH(text string) bool {
	for _, said := range []string{
		"ssh: connect to host", "Could not resolve hostname", "Host key verification failed", "Permission denied (",
		"Too many authentication failures", "virt-ssh-helper: cannot connect", "command not found",
	} {
		if strings.Contains(text, said) {
			return true
		}
	}
	return false
}

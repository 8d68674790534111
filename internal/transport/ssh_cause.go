package transport

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// statusSSH is ssh's exit status for its own failures. Any other is that of the
// command on the host (ssh(1)).
const statusSSH = 255

// Exit statuses of a shell that cannot run a command or does not find it.
const (
	statusCannotRun = 126
	statusNotFound  = 127
)

// Causes and remedies that both SSH transports share.
const (
	adviceUnknownKey = "its host key is not known; connect to it once with ssh and compare the fingerprint, " +
		"add the key to the known_hosts file, or accept new keys with "
	adviceChangedKey = "its host key is not the known one; if the host was reinstalled, remove the old key, " +
		"otherwise somebody may be intercepting the connection"
	adviceLogin = "check the user in the URI, and that the host's authorized_keys has this machine's key: that of " +
		"the parameter keyfile, the user's own or the agent's (ssh-add -l)"
	adviceRefused = "nothing listens there; is sshd running, and is the port right?"
	adviceClosed  = "the other side closed the SSH connection"
	adviceSocket  = "is libvirt installed and running there, with its socket where the URI says?"
	adviceAccess  = "that account may not use libvirt; add it to the group libvirt, for example, or log in as root"
	adviceHelper  = "the host lacks the program that connects to libvirt's socket: virt-ssh-helper (libvirt 6.8 or " +
		"newer), or a netcat that supports -U (on Debian netcat-openbsd)"
)

// sshFailures are the messages of ssh's own failures, the most specific first, and what
// to do. The patterns match whole lines of ssh: a host's banner may hold anything.
var sshFailures = []struct {
	said        *regexp.Regexp
	advice      string
	persistence Persistence
}{
	{regexp.MustCompile(`^@ .*REMOTE HOST IDENTIFICATION HAS CHANGED`), adviceChangedKey, Permanent},
	{regexp.MustCompile(`^Host key verification failed\.`), adviceUnknownKey + "no_verify=1", Permanent},
	{permissionDenied, adviceLogin, LoginRefused},
	{regexp.MustCompile(`^Received disconnect\b.*: Too many authentication failures`), adviceLogin, LoginRefused},
	{
		regexp.MustCompile(`^ssh: Could not resolve hostname `),
		"the name does not resolve; check the host in the URI, and HostName in ssh's configuration", Temporary,
	},
	{regexp.MustCompile(`: Connection refused\.?$`), adviceRefused, Temporary},
	{
		regexp.MustCompile(`: (No route to host|Network is unreachable)\.?$`), "there is no route to it; check the network",
		Temporary,
	},
	{regexp.MustCompile(`^Timeout, server .* not responding`), "it stopped answering", Temporary},
	{regexp.MustCompile(`\b(Connection|Operation) (to .* )?timed out`), "it does not answer; check the " +
		"network and firewalls", Temporary},
	{regexp.MustCompile(`: Bad configuration option: `), "ssh does not understand its configuration", Temporary},
	{regexp.MustCompile(`\bConnection (to .* )?closed by `), adviceClosed, Temporary},
	{regexp.MustCompile(`\bConnection reset by `), adviceClosed, Temporary},
}

// remoteFailures are messages of virt-ssh-helper and netcat.
var remoteFailures = []struct{ said, advice string }{
	{"No such file or directory", adviceSocket},
	{"Connection refused", adviceSocket},
	{"Permission denied", adviceAccess},
}

// sshFailure explains why ssh ended by its exit status (-1 if a signal ended it) and its
// last output; account is the user in the URI, or empty. nil is success.
func sshFailure(host, account string, status int, said string) error {
	lines := meaningfulLines(said)
	switch status {
	case 0:
		return nil
	case -1:
		return &Error{Reason: "ssh was killed" + parenthesized(lastLine(lines))}
	case statusSSH:
		for _, f := range sshFailures {
			if i := slices.IndexFunc(lines, f.said.MatchString); i >= 0 {
				reason := f.advice
				if f.advice == adviceLogin {
					reason = refusedLogin(cmp.Or(refusedAccount(lines[i]), account))
				}
				return &Error{Reason: reason + detail(f.advice, host, lines[i], lines), Persistence: f.persistence}
			}
		}
		return &Error{Reason: "ssh failed" + parenthesized(lastLine(lines))}
	}
	return remoteFailure(status, lines)
}

// permissionDenied is how ssh reports a login that was refused, with the account since
// OpenSSH 7.6.
var permissionDenied = regexp.MustCompile(`^(?:(.+)@\S+: )?Permission denied \(\S*\)`)

// refusedAccount is the account in a line of ssh, which may be that of a jump host; or
// empty.
func refusedAccount(line string) string {
	if found := permissionDenied.FindStringSubmatch(line); found != nil {
		return sanitize.Text(found[1])
	}
	return ""
}

// refusedLogin names the user of a login that the host refused; empty where ssh's
// configuration names it.
func refusedLogin(account string) string {
	if account == "" {
		return "it refused the login; " + adviceLogin
	}
	return fmt.Sprintf("it refused the login of the user %q; %s", account, adviceLogin)
}

// remoteFailure explains why the command on the host ended; nil is success.
func remoteFailure(status int, lines []string) error {
	switch status {
	case 0:
		return nil
	case statusCannotRun, statusNotFound:
		return &Error{Reason: adviceHelper + parenthesized(lastLine(lines))}
	}
	// The command's own output comes last, after that of the login shell.
	for _, line := range slices.Backward(lines) {
		for _, f := range remoteFailures {
			if strings.Contains(line, f.said) {
				return &Error{Reason: f.advice + parenthesized(line)}
			}
		}
	}
	return &Error{Reason: fmt.Sprintf("the command on the host ended with status %d",
		status) + parenthesized(lastLine(lines))}
}

// detail quotes the line of ssh, or its line about the key file.
func detail(advice, host, line string, lines []string) string {
	switch advice {
	case adviceChangedKey:
		remedy := parenthesized(find(lines, "Offending"))
		return remedy + "; ssh-keygen -R " + host + " removes it"
	case adviceLogin:
		for _, said := range []string{"Load key", "not accessible"} {
			if unusable := find(lines, said); unusable != "" {
				return parenthesized(unusable + "; " + line)
			}
		}
	}
	return parenthesized(line)
}

// parenthesized is a line of output in parentheses, without users.
func parenthesized(line string) string {
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
		case strings.HasPrefix(line, "Could not chdir to home directory"): // sshd continues without it
		default:
			lines = append(lines, line)
		}
	}
	return lines
}

// refusedBySSH tells whether an error text of libvirt is that of an ssh that did not
// reach the host's libvirt.
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

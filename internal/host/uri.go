package host

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// errMalformed replaces what net/url says of a URI it cannot parse, which
// quotes parts of it, a password among them.
var errMalformed = errors.New("it is not a valid URI, nor an alias in libvirt's client configuration; write it like qemu+ssh://root@host.example.com/system")

// parseURI parses a libvirt URI of the QEMU driver, of whatever transport.
func parseURI(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" || u.Scheme == "" {
		return nil, errMalformed
	}
	driver, _, _ := strings.Cut(u.Scheme, "+")
	switch {
	case driver != "qemu":
		return nil, errors.New("only QEMU hosts are supported; the URI begins with qemu")
	case u.Path != "/system" && u.Path != "/session":
		return nil, errors.New("its path is /system or /session")
	}
	return u, nil
}

// ownURI is parseURI for a URI that is used by this process, or an alias of one.
func ownURI(s string) (*url.URL, error) {
	resolved, err := resolveAlias(s)
	if err != nil {
		return nil, err
	}
	u, err := parseURI(resolved)
	if err != nil && resolved != s {
		return nil, fmt.Errorf("what it is an alias of cannot be used: %w", err)
	}
	return u, err
}

// transportName is the part of the scheme after the plus sign, or what libvirt
// takes where there is none: TLS to a host, the socket of this machine else.
func transportName(u *url.URL) string {
	_, name, found := strings.Cut(u.Scheme, "+")
	switch {
	case found:
		return name
	case u.Host != "":
		return "tls"
	}
	return "unix"
}

// passwordless refuses a password in a URI, which would show where URIs show:
// in logs, in lists of processes, in the definitions of other tools.
func passwordless(u *url.URL, instead string) error {
	if _, found := u.User.Password(); found {
		return errors.New("it holds a password, for which a URI is no place; " + instead)
	}
	return nil
}

// checkNames refuses a host or a user that a shell would not read as a mere word.
// ssh hands both to the shell, in commands such as ProxyCommand, and looks at them
// itself since OpenSSH 9.6 only; what is refused of users is what that refuses
// (valid_ruser).
func checkNames(u *url.URL) error {
	host, user := u.Hostname(), u.User.Username()
	strange := func(r rune) bool {
		return !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number) && !strings.ContainsRune("._-:%", r)
	}
	if strings.HasPrefix(host, "-") || strings.ContainsFunc(host, strange) {
		return errors.New("a host name is of letters, digits, dots, dashes and underscores, and does not begin with a dash")
	}
	if strings.HasPrefix(user, "-") || strings.HasSuffix(user, `\`) || strings.ContainsFunc(user, unicode.IsControl) ||
		strings.ContainsAny(user, "'`\";&<>|(){}") || strings.Contains(strings.Join(strings.Fields(user), " "), " -") {
		return errors.New("its user holds what a shell would take for more than a name")
	}
	return nil
}

// redacted is the URI fit to be shown: no user, no password, no parameters.
func redacted(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// derivedPeerURI is how other hosts reach a host by default: the same way, less
// everything that speaks of this client's files and programs, which is every
// parameter but the name of the remote driver, and the password.
func derivedPeerURI(u *url.URL) string {
	peer := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		peer.User = url.User(name)
	}
	if name := u.Query().Get("name"); name != "" {
		peer.RawQuery = url.Values{"name": {name}}.Encode()
	}
	return peer.String()
}

// redactedURI is redacted for a URI that was given as text.
func redactedURI(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "the peer URI"
	}
	return redacted(u)
}

package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// Endpoint is a libvirt daemon of the QEMU driver and the way to it.
type Endpoint struct {
	uri *url.URL
	// transport is the name after the plus sign of the scheme; without one it is
	// libvirt's default: TLS to a host, otherwise the socket of this machine.
	transport string
	// defaultPort is the transport's.
	defaultPort string
	parameters  parameters
	local       bool
	dialer      dialer
}

// Parse reads a URI, or an alias of one in libvirt's client configuration. The error
// says what is wrong and what would be right. It never quotes the URI, which may hold
// a password.
func Parse(uri string) (*Endpoint, error) {
	resolved, err := clientconfig.ResolveAlias(uri)
	if err != nil {
		return nil, err
	}
	e, err := parseURI(resolved)
	if err != nil && resolved != uri {
		return nil, fmt.Errorf("the URI behind the alias cannot be used: %w", err)
	}
	if err != nil {
		return nil, err
	}
	t, err := e.find()
	if err == nil {
		err = e.checkPassword(t.login)
	}
	switch {
	case err != nil:
		return nil, err
	case t.local && e.uri.Host != "":
		return nil, fmt.Errorf("%s reaches this machine only and takes no host name", e.uri.Scheme)
	case !t.local && e.Hostname() == "":
		return nil, fmt.Errorf("%s needs a host name", e.uri.Scheme)
	}
	if err := e.checkNames(); err != nil {
		return nil, err
	}
	if e.parameters, err = parseParameters(e.uri.RawQuery); err != nil {
		return nil, err
	}
	if err := e.parameters.check(); err != nil {
		return nil, err
	}
	e.local = t.local
	e.dialer, err = t.parse(e)
	return e, err
}

// errMalformed replaces the errors of net/url, which quote parts of the URI, a password
// among them.
var errMalformed = errors.New("it is not a valid URI or an alias in libvirt's client configuration; " +
	"write it like qemu+ssh://root@host.example.com/system")

// parseURI reads what all transports have in common.
func parseURI(s string) (*Endpoint, error) {
	u, err := url.Parse(s)
	if err != nil && wrongPort(s) {
		return nil, errors.New("its port, which follows the host's last colon, must be a number from 1 to 65535")
	}
	if err != nil || u.Opaque != "" || u.Scheme == "" {
		return nil, errMalformed
	}
	driver, transport, found := strings.Cut(u.Scheme, "+")
	switch {
	case driver != "qemu":
		return nil, errors.New("only QEMU hosts are supported; the URI must begin with qemu")
	case u.Path != "/system" && u.Path != "/session":
		return nil, errors.New("its path must be /system or /session")
	case !found && u.Host != "":
		transport = "tls"
	case !found:
		transport = "unix"
	}
	if err := checkAddress(u.Host); err != nil {
		return nil, err
	}
	return &Endpoint{uri: u, transport: transport, defaultPort: transports[transport].port}, nil
}

// wrongPort tells whether the port of a URI is what makes it malformed.
func wrongPort(s string) bool {
	scheme, rest, found := strings.Cut(s, "://")
	authority, path, _ := strings.Cut(rest, "/")
	host, port, hasPort := cutPort(authority)
	if !found || !hasPort || port == "" {
		return false
	}
	_, err := url.Parse(scheme + "://" + host + "/" + path)
	return err == nil
}

// checkPassword refuses a password in a URI: URIs appear in logs and process lists.
func (e *Endpoint) checkPassword(instead string) error {
	if _, found := e.uri.User.Password(); found {
		return errors.New("it must not hold a password; " + instead)
	}
	return nil
}

// checkNames refuses a host or a user that a shell would not read as a plain word: ssh
// passes both to the shell, as in ProxyCommand, and checks them itself only since
// OpenSSH 9.6. For users the rules are OpenSSH's (valid_ruser).
func (e *Endpoint) checkNames() error {
	host, user := e.Hostname(), e.user()
	strange := func(r rune) bool {
		return !unicode.In(r, unicode.Letter, unicode.Mark, unicode.Number) && !strings.ContainsRune("._-:%", r)
	}
	if strings.HasPrefix(host, "-") || strings.ContainsFunc(host, strange) {
		return errors.New("a host name may hold letters, digits, dots, dashes and underscores, and must not begin " +
			"with a dash")
	}
	if strings.HasPrefix(user, "-") || strings.HasSuffix(user, `\`) || strings.ContainsFunc(user, unicode.IsControl) ||
		strings.ContainsAny(user, "'`\";&<>|(){}") || strings.Contains(strings.Join(strings.Fields(user), " "), " -") {
		return errors.New("its user holds characters that a shell interprets")
	}
	return nil
}

// Dial makes a stream to the daemon. The error is an [*Error], or matches
// [context.Canceled] or [context.DeadlineExceeded].
func (e *Endpoint) Dial(ctx context.Context) (net.Conn, error) {
	stream, err := e.dialer.dial(ctx)
	if err != nil {
		return nil, dialFailure(err)
	}
	return stream, nil
}

// Readable tells whether others may read the stream: it is not encrypted, or the
// host's certificate or key is not verified.
func (e *Endpoint) Readable() bool { return e.dialer.readable() }

// BySSH tells whether the way leads through an SSH login.
func (e *Endpoint) BySSH() bool { return e.defaultPort == sshPort }

// Hostname is the host's name; empty for this machine.
func (e *Endpoint) Hostname() string { return e.uri.Hostname() }

// Driver is the URI that the daemon is asked to open.
func (e *Endpoint) Driver() string {
	return cmp.Or(e.parameters["name"], "qemu://"+e.uri.Path)
}

// AuthFile is the file with SASL credentials that the URI names, or empty.
func (e *Endpoint) AuthFile() string { return e.parameters["authfile"] }

// String is the URI without password and parameters.
func (e *Endpoint) String() string { return sanitize.URI(e.uri) }

// AdviceClosed is what to do about a daemon that closes the connection before it has
// answered; empty where nothing is known.
func (e *Endpoint) AdviceClosed() string {
	if e.transport != "tcp" {
		return ""
	}
	return "; does libvirt listen for unencrypted TCP on that port? Its port for that is " + tcpPort +
		", and its port for TLS, which qemu+tls is for, is " + tlsPort
}

// PeerURI is how other hosts reach the daemon by default: the same URI with no
// parameter but the name of the remote driver, since the others are about this client.
// It is empty for a daemon that only this machine reaches, also by a loopback address, as
// of a tunnel.
func (e *Endpoint) PeerURI() string {
	if e.local || Loopback(e.Hostname()) {
		return ""
	}
	peer := url.URL{Scheme: e.uri.Scheme, Host: e.uri.Host, Path: e.uri.Path}
	if name := e.user(); name != "" {
		peer.User = url.User(name)
	}
	if name := e.parameters["name"]; name != "" {
		peer.RawQuery = url.Values{"name": {name}}.Encode()
	}
	return peer.String()
}

func (e *Endpoint) user() string { return e.uri.User.Username() }

// session tells whether the daemon is a user's own.
func (e *Endpoint) session() bool { return e.uri.Path == "/session" }

// address is where a host listens.
func (e *Endpoint) address() string { return net.JoinHostPort(e.Hostname(), e.port()) }

// port is the port that the URI leads to; empty where that is a socket, or left to
// the libvirt that knows the transport.
func (e *Endpoint) port() string { return cmp.Or(e.uri.Port(), e.defaultPort) }

package transport

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// CheckPeerURI checks how the libvirt of other hosts reaches a host. The transport
// and its parameters are left to the libvirt that will use them. The error never
// quotes the URI.
func CheckPeerURI(uri string) error {
	e, err := parseURI(uri)
	if err != nil {
		return err
	}
	if e.Hostname() == "" {
		return errors.New("it needs a host name: other hosts use it to reach this one")
	}
	if err := e.checkNames(); err != nil {
		return err
	}
	return e.checkPassword("the libvirt of the other hosts logs in with keys of its own, or with what its auth.conf has")
}

// Peer is the way from one host's libvirt to that of another.
type Peer struct {
	uri      string
	endpoint *Endpoint // nil where the URI cannot be read
}

// NewPeer makes a Peer of any URI.
func NewPeer(uri string) Peer {
	e, err := parseURI(uri)
	if err != nil {
		return Peer{uri: uri}
	}
	return Peer{uri, e}
}

// Refused tells whether a text is what libvirt passes on of a connection to the
// peer's libvirt that did not come about: it names the peer's address, or is what
// an ssh says that did not get there.
func (p Peer) Refused(text string) bool {
	return p.endpoint != nil && strings.Contains(text, p.endpoint.Hostname()) && hasNumber(text, p.endpoint.port()) || refusedBySSH(text)
}

// BySSH tells whether it is libvirt's own ssh that makes the connection.
func (p Peer) BySSH() bool { return p.endpoint != nil && p.endpoint.transport == "ssh" }

// Redact makes a text fit to be shown: without users, and with what may be shown of
// the URI in the place of the URI.
func (p Peer) Redact(text string) string {
	shown := "the peer URI"
	if u, err := url.Parse(p.uri); err == nil {
		shown = redacted(u)
	}
	return withoutUsers(strings.ReplaceAll(text, p.uri, shown))
}

// hasNumber tells whether a number stands in a text, not as a part of another one.
func hasNumber(text, number string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }), number)
}

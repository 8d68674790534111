package transport

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// CheckPeerURI checks the URI by which other hosts' libvirt reaches a host. It leaves
// the transport and its parameters to that libvirt. The error never quotes the URI.
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
	return e.checkPassword("the other hosts' libvirt logs in with its own keys or its auth.conf")
}

// Peer is another host's libvirt as one host's libvirt reaches it.
type Peer struct {
	uri      string
	endpoint *Endpoint // nil if the URI cannot be parsed
}

// NewPeer makes a Peer of any URI.
func NewPeer(uri string) Peer {
	e, err := parseURI(uri)
	if err != nil {
		return Peer{uri: uri}
	}
	return Peer{uri, e}
}

// Refused tells whether an error text of libvirt is about a failed connection to the
// peer's libvirt: it names the peer's address, or is an ssh's that did not get there.
func (p Peer) Refused(text string) bool {
	return p.endpoint != nil && strings.Contains(text, p.endpoint.Hostname()) && hasNumber(text, p.endpoint.port()) ||
		refusedBySSH(text)
}

// BySSH tells whether it is libvirt's own ssh that makes the connection.
func (p Peer) BySSH() bool { return p.endpoint != nil && p.endpoint.transport == "ssh" }

// Loopback tells whether the URI leads any host to itself.
func (p Peer) Loopback() bool { return p.endpoint != nil && Loopback(p.endpoint.Hostname()) }

// Redact removes users from a text and replaces the peer's URI by its redacted form.
func (p Peer) Redact(text string) string {
	replacement := "the peer URI"
	if u, err := url.Parse(p.uri); err == nil {
		replacement = sanitize.URI(u)
	}
	return withoutUsers(strings.ReplaceAll(text, p.uri, replacement))
}

// hasNumber tells whether a text holds a number that is no part of a longer one.
func hasNumber(text, number string) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsDigit(r) }), number)
}

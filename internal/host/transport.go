package host

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
)

// transport opens a stream to the libvirt daemon that a URI names. Closing the
// stream must end everything the transport started for it.
type transport struct {
	dial func(ctx context.Context, uri *url.URL) (net.Conn, error)
	// check finds parameters that cannot be used; nil where there are none.
	check func(uri *url.URL) error
	// readable tells whether others may read the stream: everybody on the way, or
	// whoever answers in the host's place; nil where nobody may.
	readable func(uri *url.URL) bool
	// login is how to log in without a password in the URI.
	login string
	// local is a daemon that only this machine can reach by the URI.
	local bool
}

// transports are the ways to a host, by the name after the plus sign of a URI's
// scheme. One file each.
var transports = map[string]transport{
	"tcp":     {dial: dialTCP, readable: func(*url.URL) bool { return true }, login: loginSASL},
	"tls":     {dial: dialTLS, check: checkTLS, readable: unverified, login: loginSASL},
	"unix":    {dial: dialUnix, check: checkUnix, local: true, login: loginSASL},
	"ssh":     {dial: dialSSH, check: checkSSH, readable: unverifiedKey, login: loginSSH},
	"libssh":  {dial: dialLibSSH, check: checkLibSSH, readable: unverifiedKey, login: loginSSH},
	"libssh2": {dial: dialLibSSH, check: checkLibSSH, readable: unverifiedKey, login: loginSSH},
}

// Ways to log in.
const (
	loginSASL = "set the host's username and password, or write them to libvirt's auth.conf"
	loginSSH  = "log in with a key or an agent"
)

// transportFor finds the transport of a parsed URI.
func transportFor(uri *url.URL) (transport, error) {
	if t, ok := transports[transportName(uri)]; ok {
		return t, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(transports)), ", ")
	return transport{}, fmt.Errorf("the scheme %q names none of the transports %s; write for example qemu+ssh, or qemu:///system for this machine", uri.Scheme, known)
}

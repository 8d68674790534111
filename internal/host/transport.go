package host

import (
	"context"
	"fmt"
	"net"
	"net/url"
)

// transport opens a stream to the libvirt daemon that a URI names. Closing the
// stream must end everything the transport started for it.
type transport struct {
	dial func(ctx context.Context, uri *url.URL) (net.Conn, error)
	// check finds parameters that cannot be used; nil where there are none.
	check func(uri *url.URL) error
	// local is a daemon that only this machine can reach by the URI.
	local bool
}

// transports are the ways to a host, by the name after the plus sign of a URI's
// scheme. One file each.
var transports = map[string]transport{
	"tcp":     {dial: dialTCP},
	"unix":    {dial: dialUnix, local: true},
	"ssh":     {dial: dialSSH, check: checkSSH},
	"libssh":  {dial: dialLibSSH, check: checkLibSSH},
	"libssh2": {dial: dialLibSSH, check: checkLibSSH},
}

// laterTransports are libvirt's others: known, and refused by name.
var laterTransports = map[string]bool{"tls": true, "ext": true}

// transportFor finds the transport of a parsed URI.
func transportFor(uri *url.URL) (transport, error) {
	name := transportName(uri)
	if t, ok := transports[name]; ok {
		return t, nil
	}
	if laterTransports[name] {
		return transport{}, fmt.Errorf("the transport %q (scheme %q) is not supported yet; use qemu+tcp, qemu+unix or qemu:///system", name, uri.Scheme)
	}
	return transport{}, fmt.Errorf("the scheme %q names no transport of libvirt; use for example qemu+tcp, qemu+unix or qemu:///system", uri.Scheme)
}

package transport

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
)

// dialer opens a stream to a daemon as the URI says.
type dialer interface {
	dial(ctx context.Context) (net.Conn, error)
	// readable is Endpoint.Readable.
	readable() bool
}

// transport is a way to a libvirt socket.
type transport struct {
	// parse makes the dialer, or says what the transport cannot use of the endpoint.
	parse func(*Endpoint) (dialer, error)
	// login is the advice on how to log in without a password in the URI.
	login string
	// port is where the daemon, or the sshd before it, listens by default; empty for
	// a socket.
	port string
	// local tells that the URI works on this machine only.
	local bool
}

// transports are all transports by the name after the plus sign of a URI's scheme.
var transports = map[string]transport{
	"tcp":     {parse: parseTCP, login: AdviceSASL, port: tcpPort},
	"tls":     {parse: parseTLS, login: AdviceSASL, port: tlsPort},
	"unix":    {parse: parseUnix, login: AdviceSASL, local: true},
	"ssh":     {parse: parseSSH, login: adviceSSHLogin, port: sshPort},
	"libssh":  {parse: parseLibSSH, login: adviceSSHLogin, port: sshPort},
	"libssh2": {parse: parseLibSSH, login: adviceSSHLogin, port: sshPort},
}

// How to log in without a password in the URI.
const (
	// AdviceSASL is for a daemon that requires SASL.
	AdviceSASL     = "set the host's username and password, or write them to libvirt's auth.conf"
	adviceSSHLogin = "log in with a key or an agent"
)

// Default ports.
const (
	tcpPort = "16509" // LIBVIRTD_TCP_PORT
	tlsPort = "16514" // LIBVIRTD_TLS_PORT
	sshPort = "22"
)

// find is the transport of an endpoint.
func (e *Endpoint) find() (transport, error) {
	if t, ok := transports[e.transport]; ok {
		return t, nil
	}
	known := strings.Join(slices.Sorted(maps.Keys(transports)), ", ")
	return transport{}, fmt.Errorf("the scheme %q names none of the transports %s; "+
		"write, for example, qemu+ssh, or qemu:///system for this machine", e.uri.Scheme, known)
}

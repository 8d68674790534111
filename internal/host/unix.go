package host

import (
	"context"
	"net"
	"net/url"
)

// defaultSocket is where libvirtd listens on its own machine.
const defaultSocket = "/run/libvirt/libvirt-sock"

// dialUnix connects to a daemon's socket on this machine (qemu+unix and
// qemu:///system).
func dialUnix(ctx context.Context, uri *url.URL) (net.Conn, error) {
	socket := uri.Query().Get("socket")
	if socket == "" {
		socket = defaultSocket
	}
	var d net.Dialer
	return d.DialContext(ctx, "unix", socket)
}

package host

import (
	"context"
	"net"
	"net/url"
	"time"
)

// defaultTCPPort is LIBVIRTD_TCP_PORT.
const defaultTCPPort = "16509"

// keepalive finds a peer that vanished without a word during a call that lasts
// as long as a migration, within 15 + 3*5 seconds.
var keepalive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// dialTCP connects to libvirtd's unencrypted TCP port (qemu+tcp).
func dialTCP(ctx context.Context, uri *url.URL) (net.Conn, error) {
	port := uri.Port()
	if port == "" {
		port = defaultTCPPort
	}
	d := net.Dialer{KeepAliveConfig: keepalive}
	return d.DialContext(ctx, "tcp", net.JoinHostPort(uri.Hostname(), port))
}

package transport

import (
	"context"
	"net"
	"time"
)

// keepalive notices a silent peer within 15 + 3*5 seconds, also during a call that lasts
// as long as a migration.
var keepalive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// tcpDialer connects to libvirtd's unencrypted TCP port (qemu+tcp).
type tcpDialer struct{ address string }

func parseTCP(e *Endpoint) (dialer, error) { return tcpDialer{e.address()}, nil }

func (d tcpDialer) readable() bool { return true }

func (d tcpDialer) dial(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{KeepAliveConfig: keepalive}).DialContext(ctx, "tcp", d.address)
}

package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// tlsDialer connects to libvirtd's TLS port (qemu+tls, and qemu with a host name).
type tlsDialer struct {
	host, address string
	pkipath       string
	// trust accepts any certificate of the host.
	trust bool
}

func parseTLS(e *Endpoint) (dialer, error) {
	p := e.parameters
	if _, found := p["tls_priority"]; found {
		return nil, errors.New("its parameter tls_priority is for GnuTLS and is not supported; " +
			"leave it out to use TLS 1.2 or newer")
	}
	trust, err := p.flag("no_verify")
	return tlsDialer{e.Hostname(), e.address(), p["pkipath"], trust}, err
}

func (d tlsDialer) readable() bool { return d.trust }

func (d tlsDialer) dial(ctx context.Context) (net.Conn, error) {
	files := certificates(clientconfig.FindPKI(d.pkipath))
	config, err := files.config(d.host, d.trust)
	if err != nil {
		return nil, err
	}
	raw, err := (&net.Dialer{KeepAliveConfig: keepalive}).DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, config)
	if err = c.HandshakeContext(ctx); err != nil {
		err = handshakeFailure(d.host, files, err)
	} else if err = readVerdict(ctx, c); err != nil {
		err = refusal(files, len(config.Certificates) > 0, err)
	}
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	_ = raw.Close()
	return nil, err
}

// accepted is the byte that libvirtd sends right after the handshake to a client whose
// certificate and name it accepts.
const accepted = 1

// errNotAccepted is a libvirtd that sent another byte.
var errNotAccepted = errors.New("it does not accept this client")

// readVerdict waits for the accepted byte. With TLS 1.3 the refusal of the client's
// certificate arrives here, too.
func readVerdict(ctx context.Context, c net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	var verdict [1]byte
	_, err := io.ReadFull(c, verdict[:])
	stop()
	if err == nil && verdict[0] != accepted {
		return errNotAccepted
	}
	return err
}

package host

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"time"
)

// defaultTLSPort is LIBVIRTD_TLS_PORT.
const defaultTLSPort = "16514"

// unverified tells whether the URI forgoes the check of the host's certificate:
// then a password would go to whoever answers.
func unverified(uri *url.URL) bool {
	p, err := parametersOf(uri)
	if err != nil {
		return true
	}
	trust, err := p.flag("no_verify")
	return trust || err != nil
}

// dialTLS connects to libvirtd's TLS port (qemu+tls, and qemu with a host name).
func dialTLS(ctx context.Context, uri *url.URL) (net.Conn, error) {
	p, err := parametersOf(uri)
	if err != nil {
		return nil, err
	}
	trust, err := p.flag("no_verify")
	if err != nil {
		return nil, err
	}
	files := findCertificates(p["pkipath"])
	config, err := files.config(uri.Hostname(), trust)
	if err != nil {
		return nil, err
	}
	port := uri.Port()
	if port == "" {
		port = defaultTLSPort
	}
	d := net.Dialer{KeepAliveConfig: keepalive}
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(uri.Hostname(), port))
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, config)
	if err = c.HandshakeContext(ctx); err != nil {
		err = handshakeFailure(uri.Hostname(), files, err)
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

// welcome is what libvirtd says, in a byte, to a client whose certificate and
// name it has checked. It does so after the handshake, and before anything else.
const welcome = 1

// errNotWelcome is a libvirtd that said something else.
var errNotWelcome = errors.New("it does not accept this client")

// readVerdict waits for libvirtd's welcome. With TLS 1.3 it is also here that
// the host's refusal of our certificate arrives.
func readVerdict(ctx context.Context, c net.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	var verdict [1]byte
	_, err := io.ReadFull(c, verdict[:])
	stop()
	if err == nil && verdict[0] != welcome {
		return errNotWelcome
	}
	return err
}

// checkTLS checks a qemu+tls URI.
func checkTLS(uri *url.URL) error {
	p, err := parametersOf(uri)
	if err != nil {
		return err
	}
	if _, found := p["tls_priority"]; found {
		return errors.New("its parameter tls_priority is in the words of GnuTLS, which has no part here; without it TLS 1.2 or newer is spoken")
	}
	_, err = p.flag("no_verify")
	return err
}

package transport

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/clientconfig"
)

// certificates are the files of a TLS client.
type certificates clientconfig.PKI

// config makes a TLS configuration from the files. With trust, it accepts any
// certificate of the host.
func (f certificates) config(host string, trust bool) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	own, err := f.loadOwn()
	if err != nil {
		return nil, err
	}
	if own != nil {
		config.Certificates = []tls.Certificate{*own}
	}
	if trust {
		config.InsecureSkipVerify = true
		return config, nil
	}
	authorities, err := f.loadAuthorities()
	if err != nil {
		return nil, err
	}
	config.RootCAs = pool(authorities)
	revoked, err := f.loadRevoked(authorities)
	if err != nil {
		return nil, err
	}
	config.VerifyConnection = revoked.check
	return config, nil
}

// loadAuthorities reads the CA certificates. It skips unreadable ones in a bundle.
func (f certificates) loadAuthorities() ([]*x509.Certificate, error) {
	const what = "CA certificate"
	content, err := os.ReadFile(f.Authority)
	if err != nil {
		return nil, unusable(what, f.Authority, err)
	}
	var authorities []*x509.Certificate
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if authority, err := x509.ParseCertificate(block.Bytes); err == nil {
			authorities = append(authorities, authority)
		}
	}
	if len(authorities) == 0 {
		return nil, unusable(what, f.Authority, errors.New("it holds no PEM certificate"))
	}
	return authorities, nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}

// trusted tells whether a trusted authority issued the host's certificate, the first
// of those presented, for whatever name.
func (f certificates) trusted(presented []*x509.Certificate) bool {
	authorities, err := f.loadAuthorities()
	if err != nil {
		return false
	}
	_, err = presented[0].Verify(x509.VerifyOptions{Roots: pool(authorities), Intermediates: pool(presented[1:])})
	return err == nil
}

// loadOwn reads the client's own certificate. It is nil if the certificate or its key
// is missing: some hosts do not ask for one.
func (f certificates) loadOwn() (*tls.Certificate, error) {
	certificate, err := os.ReadFile(f.Certificate)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable("client certificate", f.Certificate, err)
	}
	key, err := os.ReadFile(f.Key)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable("key of the client certificate", f.Key, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, unusable("client certificate", f.Certificate, fmt.Errorf("it does not match its key %s: %w", f.Key, err))
	}
	if when := outOfDate(pair.Leaf); when != "" {
		return nil, unusable("client certificate", f.Certificate, errors.New("it "+when))
	}
	return &pair, nil
}

// ownMissing are the missing files of the client's own certificate.
func (f certificates) ownMissing() []string {
	return slices.DeleteFunc([]string{f.Certificate, f.Key}, clientconfig.Exists)
}

// unusable is the error of a file that cannot be used.
func unusable(what, file string, err error) error {
	reason := err
	var path *os.PathError
	if errors.As(err, &path) {
		reason = path.Err
	}
	return &Error{Reason: fmt.Sprintf("the %s %s cannot be used: %v", what, file, reason), Cause: err}
}

// clock is the format of a time in an error.
const clock = "2 January 2006 15:04 MST"

// outOfDate says why a certificate is not valid now; it is empty for a valid one.
func outOfDate(c *x509.Certificate) string {
	switch now := time.Now(); {
	case now.Before(c.NotBefore):
		return "is not valid before " + c.NotBefore.UTC().Format(clock) + " (is this machine's clock right?)"
	case now.After(c.NotAfter):
		return "expired on " + c.NotAfter.UTC().Format(clock)
	}
	return ""
}

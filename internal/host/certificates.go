package host

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// certificates are the files that a client of TLS has.
type certificates struct {
	authority, revoked string
	certificate, key   string
}

// systemCertificates are where libvirt looks when nothing says otherwise
// (LIBVIRT_CACERT and its kin).
var systemCertificates = certificates{
	authority:   "/etc/pki/CA/cacert.pem",
	revoked:     "/etc/pki/CA/cacrl.pem",
	certificate: "/etc/pki/libvirt/clientcert.pem",
	key:         "/etc/pki/libvirt/private/clientkey.pem",
}

func certificatesIn(directory string) certificates {
	return certificates{
		authority:   filepath.Join(directory, "cacert.pem"),
		revoked:     filepath.Join(directory, "cacrl.pem"),
		certificate: filepath.Join(directory, "clientcert.pem"),
		key:         filepath.Join(directory, "clientkey.pem"),
	}
}

// findCertificates tells which files libvirt would take
// (virNetTLSContextLocateCredentials): those of the parameter pkipath; else, for
// an ordinary user, those of its own that are there; else the system's.
func findCertificates(pkipath string) certificates {
	if pkipath != "" {
		return certificatesIn(pkipath)
	}
	files := systemCertificates
	home, err := homeDirectory()
	if os.Geteuid() == 0 || err != nil {
		return files
	}
	own := certificatesIn(filepath.Join(home, ".pki", "libvirt"))
	if exists(own.authority) {
		files.authority = own.authority
	}
	if exists(own.revoked) {
		files.revoked = own.revoked
	}
	if exists(own.certificate) && exists(own.key) {
		files.certificate, files.key = own.certificate, own.key
	}
	return files
}

// config makes TLS's configuration of the files. Trust takes whatever
// certificate the host shows.
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

// loadAuthorities reads the certificates of whom we trust. One of a bundle that
// cannot be read vouches for nobody.
func (f certificates) loadAuthorities() ([]*x509.Certificate, error) {
	const what = "certificate of the authority"
	content, err := os.ReadFile(f.authority)
	if err != nil {
		return nil, unusable(what, f.authority, err)
	}
	var authorities []*x509.Certificate
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if authority, err := x509.ParseCertificate(block.Bytes); err == nil {
			authorities = append(authorities, authority)
		}
	}
	if len(authorities) == 0 {
		return nil, unusable(what, f.authority, errors.New("there is no certificate in PEM in it"))
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

// vouched tells whether the certificate that a host showed, the first of those
// given, is of our authority, for whatever name it is.
func (f certificates) vouched(shown []*x509.Certificate) bool {
	authorities, err := f.loadAuthorities()
	if err != nil {
		return false
	}
	_, err = shown[0].Verify(x509.VerifyOptions{Roots: pool(authorities), Intermediates: pool(shown[1:])})
	return err == nil
}

// loadOwn reads our own certificate. It is nil where there is none, or no key
// of it: some hosts do not ask for one.
func (f certificates) loadOwn() (*tls.Certificate, error) {
	certificate, err := os.ReadFile(f.certificate)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable("client certificate", f.certificate, err)
	}
	key, err := os.ReadFile(f.key)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unusable("key of the client certificate", f.key, err)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, unusable("client certificate", f.certificate, fmt.Errorf("it and its key %s do not fit: %w", f.key, err))
	}
	if when := outOfDate(pair.Leaf); when != "" {
		return nil, unusable("client certificate", f.certificate, errors.New("it "+when))
	}
	return &pair, nil
}

// ownMissing are the files of our own certificate that are not there.
func (f certificates) ownMissing() []string {
	return slices.DeleteFunc([]string{f.certificate, f.key}, exists)
}

// unusable is a file that TLS cannot do with.
func unusable(what, file string, err error) error {
	reason := err
	var path *os.PathError
	if errors.As(err, &path) {
		reason = path.Err
	}
	return &tunnelError{reason: fmt.Sprintf("the %s %s cannot be used: %v", what, file, reason), cause: err}
}

// clock is how a time is written in an error.
const clock = "2 January 2006 15:04 MST"

// outOfDate says so of a certificate that is not valid now, and is empty for one
// that is.
func outOfDate(c *x509.Certificate) string {
	switch now := time.Now(); {
	case now.Before(c.NotBefore):
		return "is not valid before " + c.NotBefore.UTC().Format(clock) + " (is this machine's clock right?)"
	case now.After(c.NotAfter):
		return "expired on " + c.NotAfter.UTC().Format(clock)
	}
	return ""
}

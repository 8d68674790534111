package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// handshakeFailure explains why the TLS handshake failed.
func handshakeFailure(host string, files certificates, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own // from revocations.check
	}
	var unverified *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	reason, persistence := "TLS failed: "+sanitize.Text(err.Error()), Temporary
	switch alert := remoteAlert(err); {
	case errors.As(err, &unverified):
		reason, persistence = verificationFailure(host, files, unverified), Permanent
	case alert != "":
		reason, persistence = "the TLS handshake failed: "+alert, Permanent
	case errors.As(err, &noTLS):
		reason = "it does not speak TLS on that port; libvirt's port for TLS is " + tlsPort
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		reason = "the TLS handshake failed; does libvirt listen for TLS on that port? " +
			"Its port for TLS is " + tlsPort
	}
	return &Error{Reason: reason, Persistence: persistence, Cause: err}
}

// refusal explains why libvirtd did not accept the client: it refuses its certificate,
// or a client without one. It sends an alert, or, if the name is not in its
// tls_allowed_dn_list, only closes the connection.
func refusal(files certificates, presented bool, err error) error {
	reason := "it refuses a client without a certificate: there is no " + strings.Join(files.ownMissing(), " and no ")
	if presented {
		reason = "it refuses the client certificate " + files.Certificate +
			"; did an authority that the host trusts issue it, and is its name in tls_allowed_dn_list if the host has one?"
	}
	persistence := Temporary // the daemon may have been stopped
	if alert := remoteAlert(err); alert != "" {
		reason, persistence = reason+" (it says: "+alert+")", Permanent
	}
	return &Error{Reason: reason, Persistence: persistence, Cause: err}
}

// remoteAlert is the alert that the other side sent, as crypto/tls names it.
func remoteAlert(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return ""
	}
	return strings.TrimPrefix(op.Err.Error(), "tls: ")
}

// verificationFailure says why the host's certificate is refused.
func verificationFailure(host string, files certificates, err *tls.CertificateVerificationError) string {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		if !files.trusted(err.UnverifiedCertificates) {
			return unknownAuthority(files) + "; it claims to be for " + namesOf(name.Certificate)
		}
		return wrongName(host, name.Certificate)
	case errors.As(err, &unknown):
		return unknownAuthority(files)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert.IsCA {
			return "the CA certificate in " + files.Authority + " " + outOfDate(invalid.Cert)
		}
		return "its certificate " + outOfDate(invalid.Cert)
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "its certificate is not a server certificate"
	}
	return "its certificate is invalid: " + sanitize.Text(err.Err.Error())
}

func unknownAuthority(files certificates) string {
	return "its certificate was not issued by the authority in " + files.Authority
}

// wrongName tells for which names a trusted authority issued the host's certificate.
func wrongName(host string, c *x509.Certificate) string {
	if len(c.DNSNames)+len(c.IPAddresses) == 0 {
		return "its certificate names the host only in its " + namesOf(c) + ", which is no longer accepted; " +
			"issue it with " + host + " as a subject alternative name"
	}
	return "its certificate is for " + namesOf(c) + " and not for " + host +
		"; use one of these names in the URI, or issue it for that name too"
}

// namesOf are the names in a certificate, sanitized.
func namesOf(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "common name (" + sanitize.Text(c.Subject.CommonName) + ")"
	}
	return sanitize.Text(strings.Join(names, ", "))
}

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

// handshakeFailure is why the handshake of TLS failed.
func handshakeFailure(host string, files certificates, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own // of the check of revocations
	}
	var unverified *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	reason, persistence := "TLS failed: "+sanitize.Text(err.Error()), Temporary
	switch alert := remoteAlert(err); {
	case errors.As(err, &unverified):
		reason, persistence = verificationFailure(host, files, unverified), Permanent
	case alert != "":
		reason, persistence = "it broke off the TLS handshake: "+alert, Permanent
	case errors.As(err, &noTLS):
		reason = "it does not speak TLS on that port; libvirt's port for TLS is " + tlsPort
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		reason = "it broke off the TLS handshake; does libvirt listen for TLS on that port? Its port for TLS is " + tlsPort
	}
	return &Error{Reason: reason, Persistence: persistence, Cause: err}
}

// refusal is why libvirtd did not accept the client: it refuses its certificate, or a
// client without one. It sends an alert, or, when the name is not in its
// tls_allowed_dn_list, only ends the connection.
func refusal(files certificates, presented bool, err error) error {
	reason := "it refuses a client without a certificate: there is no " + strings.Join(files.ownMissing(), " and no ")
	if presented {
		reason = "it refuses the client certificate " + files.Certificate +
			"; is it of the authority that the host trusts, and its name in tls_allowed_dn_list if the host has one?"
	}
	persistence := Temporary // it may as well have been stopped
	if alert := remoteAlert(err); alert != "" {
		reason, persistence = reason+" (it says: "+alert+")", Permanent
	}
	return &Error{Reason: reason, Persistence: persistence, Cause: err}
}

// remoteAlert is the alert that the other side sent, in the words of crypto/tls.
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
	var stranger x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		if !files.vouched(err.UnverifiedCertificates) {
			return notOfOurs(files) + "; it says, and nobody vouches for it, that it is for " + namesOf(name.Certificate)
		}
		return wrongName(host, name.Certificate)
	case errors.As(err, &stranger):
		return notOfOurs(files)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert.IsCA {
			return "the certificate of the authority in " + files.Authority + " " + outOfDate(invalid.Cert)
		}
		return "its certificate " + outOfDate(invalid.Cert)
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return "its certificate is not one for servers"
	}
	return "its certificate is not good: " + sanitize.Text(err.Err.Error())
}

func notOfOurs(files certificates) string {
	return "its certificate is not of the authority in " + files.Authority
}

// wrongName says for which names the host's certificate is. It is of a trusted
// authority.
func wrongName(host string, c *x509.Certificate) string {
	if len(c.DNSNames)+len(c.IPAddresses) == 0 {
		return "its certificate names the host in its " + namesOf(c) + " alone, which is no longer taken; " +
			"issue it with " + host + " as a subject alternative name"
	}
	return "its certificate is for " + namesOf(c) + " and not for " + host +
		"; use one of these names in the URI, or issue it for that one too"
}

// namesOf are the names in a certificate, fit to be shown.
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

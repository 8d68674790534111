package host

import (
	"errors"
	"strings"
)

// certificateAdvice is what to do if QEMU cannot use the certificates of an encrypted
// migration. libvirt does not tell on which host.
func certificateAdvice(message string) string {
	if strings.Contains(message, "'object-add'") &&
		(strings.Contains(message, "credentials") || strings.Contains(message, "certificate")) {
		return "; encryption needs certificates on the source and on the destination (" + certificateDirectory + ")"
	}
	return ""
}

// certificateDirectory tells where QEMU finds the certificates for migrations.
const certificateDirectory = "migrate_tls_x509_cert_dir in qemu.conf, or /etc/pki/libvirt-migrate if it exists, " +
	"otherwise default_tls_x509_cert_dir, or /etc/pki/qemu"

// explainEncryption adds the likely reason to the error of a failed encrypted migration:
// the destination's QEMU only closes the connection to a source without a certificate or
// with one of an unknown authority.
func explainEncryption(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	for _, said := range []string{"TLS channel", " socket: ", "Input/output error"} {
		if strings.Contains(e.Message, said) {
			e.Message += "; if an encrypted migration ends like this at its start, the destination does not trust " +
				"the source: the source needs client-cert.pem and client-key.pem, issued by the authority in the " +
				"destination's ca-cert.pem (" + certificateDirectory + ")"
			return err
		}
	}
	return err
}

package host

import (
	"errors"
	"strings"
)

// certificateAdvice is what to do where QEMU cannot use the certificates that an
// encrypted migration takes. libvirt does not say on which of the hosts.
func certificateAdvice(message string) string {
	if strings.Contains(message, "'object-add'") && (strings.Contains(message, "credentials") || strings.Contains(message, "certificate")) {
		return "; encryption takes certificates on the source and on the destination (" + certificateDirectory + ")"
	}
	return ""
}

// certificateDirectory is where QEMU has the certificates for migrations.
const certificateDirectory = "migrate_tls_x509_cert_dir in qemu.conf, /etc/pki/libvirt-migrate where that exists, else default_tls_x509_cert_dir, /etc/pki/qemu"

// explainEncryption adds the likely reason to the error of an encrypted migration that
// broke off. The destination's QEMU only ends the connection to a source that has no
// certificate or one of an unknown authority.
func explainEncryption(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	for _, said := range []string{"TLS channel", " socket: ", "Input/output error"} {
		if strings.Contains(e.Message, said) {
			e.Message += "; an encrypted migration that ends like this at its very start is one whose source the destination does not trust: " +
				"the source needs client-cert.pem and client-key.pem, of the authority in the destination's ca-cert.pem (" + certificateDirectory + ")"
			return err
		}
	}
	return err
}

package clientconfig

import (
	"os"
	"path/filepath"
)

// PKI are the files of a TLS client.
type PKI struct {
	// Authority holds the trusted CA certificates, Revoked their revocation lists.
	Authority, Revoked string
	// Certificate and Key are the client's own.
	Certificate, Key string
}

// systemPKI are libvirt's default files (LIBVIRT_CACERT and others).
var systemPKI = PKI{
	Authority:   "/etc/pki/CA/cacert.pem",
	Revoked:     "/etc/pki/CA/cacrl.pem",
	Certificate: "/etc/pki/libvirt/clientcert.pem",
	Key:         "/etc/pki/libvirt/private/clientkey.pem",
}

// pkiIn are the files in a directory under libvirt's names.
func pkiIn(directory string) PKI {
	return PKI{
		Authority:   filepath.Join(directory, "cacert.pem"),
		Revoked:     filepath.Join(directory, "cacrl.pem"),
		Certificate: filepath.Join(directory, "clientcert.pem"),
		Key:         filepath.Join(directory, "clientkey.pem"),
	}
}

// FindPKI returns the files that libvirt takes (virNetTLSContextLocateCredentials): those
// in the directory that a URI names by pkipath, otherwise an ordinary user's own existing
// files, otherwise the system's.
func FindPKI(pkipath string) PKI {
	if pkipath != "" {
		return pkiIn(pkipath)
	}
	files := systemPKI
	home, err := Home()
	if os.Geteuid() == 0 || err != nil {
		return files
	}
	own := pkiIn(filepath.Join(home, ".pki", "libvirt"))
	if Exists(own.Authority) {
		files.Authority = own.Authority
	}
	if Exists(own.Revoked) {
		files.Revoked = own.Revoked
	}
	if Exists(own.Certificate) && Exists(own.Key) {
		files.Certificate, files.Key = own.Certificate, own.Key
	}
	return files
}

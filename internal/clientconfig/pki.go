package clientconfig

import (
	"os"
	"path/filepath"
)

// PKI are the files that a client of TLS has.
type PKI struct {
	// Authority is the certificates of whom we trust, Revoked the list of
	// certificates that they took back.
	Authority, Revoked string
	// Certificate and Key are the client's own.
	Certificate, Key string
}

// systemPKI is where libvirt looks when nothing says otherwise (LIBVIRT_CACERT and
// its kin).
var systemPKI = PKI{
	Authority:   "/etc/pki/CA/cacert.pem",
	Revoked:     "/etc/pki/CA/cacrl.pem",
	Certificate: "/etc/pki/libvirt/clientcert.pem",
	Key:         "/etc/pki/libvirt/private/clientkey.pem",
}

// pkiIn are the files in a directory, by libvirt's names.
func pkiIn(directory string) PKI {
	return PKI{
		Authority:   filepath.Join(directory, "cacert.pem"),
		Revoked:     filepath.Join(directory, "cacrl.pem"),
		Certificate: filepath.Join(directory, "clientcert.pem"),
		Key:         filepath.Join(directory, "clientkey.pem"),
	}
}

// FindPKI tells which files libvirt would take (virNetTLSContextLocateCredentials):
// those in the directory that a URI names by pkipath; else, for an ordinary user,
// those of its own that are there; else the system's.
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

package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// The lab's authority issues the certificates of each host's libvirtd and QEMUs, and of their clients. PKIPath has the
// layout of libvirt's parameter pkipath.

// Names of the files that libvirt's and QEMU's clients and servers read.
const (
	authorityFile    = "cacert.pem"
	authorityKeyFile = "cakey.pem"
)

// Authority returns the authority that the lab's hosts and clients trust.
func (w *World) Authority() (*Authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(w.PKIPath, authorityFile), filepath.Join(w.PKIPath, authorityKeyFile))
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the lab's authority has a key of type %T", pair.PrivateKey)
	}
	return &Authority{certificate: pair.Leaf, key: key}, nil
}

// buildCertificates makes the lab's authority and the certificates of its clients and hosts.
func (w *World) buildCertificates() error {
	authority, err := NewAuthority("the lab")
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(authority.key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.PKIPath, 0o755); err != nil {
		return err
	}
	own := KeyPair{Certificate: authority.Certificate(), Key: encodePEM("PRIVATE KEY", key)}
	if err := own.Write(filepath.Join(w.PKIPath, authorityFile), filepath.Join(w.PKIPath, authorityKeyFile)); err != nil {
		return err
	}
	client, err := authority.Issue(CertificateSpec{CommonName: "caller"})
	if err != nil {
		return err
	}
	err = client.Write(filepath.Join(w.PKIPath, "clientcert.pem"), filepath.Join(w.PKIPath, "clientkey.pem"))
	if err != nil {
		return err
	}
	for _, host := range w.Hosts {
		if err := host.buildCertificates(authority); err != nil {
			return err
		}
	}
	return nil
}

// buildCertificates writes the host's certificate for its libvirtd and, under other names, for its QEMUs.
func (h *Host) buildCertificates(authority *Authority) error {
	pair, err := authority.Issue(h.CertificateSpec())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(h.qemuCertificates(), 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(h.certificate(authorityFile), authority.Certificate(), 0o644),
		pair.Write(h.certificate("servercert.pem"), h.certificate("serverkey.pem")),
		os.WriteFile(filepath.Join(h.qemuCertificates(), "ca-cert.pem"), authority.Certificate(), 0o644),
		pair.Write(filepath.Join(h.qemuCertificates(), "server-cert.pem"),
			filepath.Join(h.qemuCertificates(), "server-key.pem")),
		pair.Write(filepath.Join(h.qemuCertificates(), "client-cert.pem"),
			filepath.Join(h.qemuCertificates(), "client-key.pem")),
	)
}

// CertificateSpec is that of the host's own certificate.
func (h *Host) CertificateSpec() CertificateSpec {
	return CertificateSpec{CommonName: h.Name, Names: []string{h.Name, h.Address}}
}

// certificate is a file of the host's libvirtd; it sees it in /etc/libvirt/pki.
func (h *Host) certificate(file string) string { return filepath.Join(h.Directory, "etc", "pki", file) }

// qemuCertificates is the directory that the host's QEMUs see as /etc/libvirt/pki/qemu.
func (h *Host) qemuCertificates() string { return h.certificate("qemu") }

// HideCertificates hides the certificates of the host's QEMUs until the test ends.
func (h *Host) HideCertificates(t testing.TB) {
	t.Helper()
	hide(t, h.qemuCertificates())
}

// HideCertificate is [Host.HideCertificates] for one file, as QEMU calls it.
func (h *Host) HideCertificate(t testing.TB, file string) {
	t.Helper()
	hide(t, filepath.Join(h.qemuCertificates(), file))
}

func hide(t testing.TB, path string) {
	t.Helper()
	hidden := path + "-hidden"
	if err := os.Rename(path, hidden); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Rename(hidden, path); err != nil {
			t.Error(err)
		}
	})
}

// ServeCertificate restarts the host's libvirtd with another certificate until the test ends.
func (h *Host) ServeCertificate(t testing.TB, pair KeyPair) {
	t.Helper()
	own, err := readKeyPair(h.certificate("servercert.pem"), h.certificate("serverkey.pem"))
	if err != nil {
		t.Fatal(err)
	}
	serve := func(pair KeyPair) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), startTimeout)
		defer cancel()
		return errors.Join(pair.Write(h.certificate("servercert.pem"), h.certificate("serverkey.pem")), h.Restart(ctx))
	}
	t.Cleanup(func() {
		if err := serve(own); err != nil {
			t.Error(err)
		}
	})
	if err := serve(pair); err != nil {
		t.Fatal(err)
	}
}

func readKeyPair(certificate, key string) (KeyPair, error) {
	var pair KeyPair
	var errs [2]error
	pair.Certificate, errs[0] = os.ReadFile(certificate)
	pair.Key, errs[1] = os.ReadFile(key)
	return pair, errors.Join(errs[:]...)
}

// ServeQEMUCertificate has QEMUs that receive guests on the host show another certificate, until the test ends.
func (h *Host) ServeQEMUCertificate(t testing.TB, pair KeyPair) {
	t.Helper()
	certificate := filepath.Join(h.qemuCertificates(), "server-cert.pem")
	key := filepath.Join(h.qemuCertificates(), "server-key.pem")
	own, err := readKeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Write(certificate, key); err != nil {
			t.Error(err)
		}
	})
	if err := pair.Write(certificate, key); err != nil {
		t.Fatal(err)
	}
}

package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"time"
)

// Authority is a certificate authority.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// KeyPair is a certificate and its private key, in PEM.
type KeyPair struct{ Certificate, Key []byte }

// CertificateSpec says what a certificate is for.
type CertificateSpec struct {
	// CommonName is the subject's.
	CommonName string
	// Names are the subject's alternative names: host names and IP addresses.
	Names []string
	// NotBefore and NotAfter bound its life; an hour ago and in a day when left out.
	NotBefore, NotAfter time.Time
}

// NewAuthority makes an authority that nobody trusts yet.
func NewAuthority(name string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := CertificateSpec{CommonName: name}.template()
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return &Authority{certificate: certificate, key: key}, err
}

// Certificate is the authority's own, in PEM.
func (a *Authority) Certificate() []byte { return encodePEM("CERTIFICATE", a.certificate.Raw) }

// Issue makes a key and a certificate for it that serves both servers and clients.
func (a *Authority) Issue(spec CertificateSpec) (KeyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return KeyPair{}, err
	}
	template := spec.template()
	// libvirt and QEMU require encipherment too, although an elliptic curve does not need it.
	template.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return KeyPair{}, err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	return KeyPair{Certificate: encodePEM("CERTIFICATE", der), Key: encodePEM("PRIVATE KEY", encoded)}, err
}

// Revoke makes a certificate revocation list, in PEM. It is valid for a day.
func (a *Authority) Revoke(pairs ...KeyPair) ([]byte, error) {
	return a.RevokeBetween(time.Now().Add(-time.Hour), time.Now().Add(day), pairs...)
}

// RevokeBetween is [Authority.Revoke] for a list that is valid between two times.
func (a *Authority) RevokeBetween(start, end time.Time, pairs ...KeyPair) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: start, NextUpdate: end}
	for _, pair := range pairs {
		block, _ := pem.Decode(pair.Certificate)
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: certificate.SerialNumber, RevocationTime: list.ThisUpdate})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.certificate, a.key)
	return encodePEM("X509 CRL", der), err
}

const day = 24 * time.Hour

func (s CertificateSpec) template() *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: s.CommonName},
		NotBefore:    s.NotBefore,
		NotAfter:     s.NotAfter,
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Now().Add(-time.Hour)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = time.Now().Add(day)
	}
	for _, name := range s.Names {
		if ip := net.ParseIP(name); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, name)
		}
	}
	return t
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Write puts the pair into two files.
func (p KeyPair) Write(certificate, key string) error {
	return errors.Join(os.WriteFile(certificate, p.Certificate, 0o644), os.WriteFile(key, p.Key, 0o600))
}

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

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// revocations are lists of revoked certificates.
type revocations struct {
	file        string
	lists       []*x509.RevocationList
	authorities []*x509.Certificate // the trusted ones
}

// loadRevoked reads the authority's list of revoked certificates, if there is one.
// It must be valid now: an old list hides what was revoked since. GnuTLS, in
// libvirt's own clients, accepts one.
func (f certificates) loadRevoked(authorities []*x509.Certificate) (revocations, error) {
	const what = "list of revoked certificates"
	r := revocations{file: f.Revoked, authorities: authorities}
	content, err := os.ReadFile(f.Revoked)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return r, nil
	case err != nil:
		return r, unusable(what, f.Revoked, err)
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		list, err := x509.ParseRevocationList(block.Bytes)
		if err == nil {
			err = stale(list)
		}
		if err != nil {
			return r, unusable(what, f.Revoked, err)
		}
		r.lists = append(r.lists, list)
	}
	if len(r.lists) == 0 {
		return r, unusable(what, f.Revoked, errors.New("there is no list in PEM in it"))
	}
	return r, nil
}

// stale says why a list is not valid now.
func stale(list *x509.RevocationList) error {
	switch now := time.Now(); {
	case now.Before(list.ThisUpdate):
		return fmt.Errorf("it does not count before %s (is this machine's clock right?)", list.ThisUpdate.UTC().Format(clock))
	case !list.NextUpdate.IsZero() && now.After(list.NextUpdate):
		return fmt.Errorf("it counted until %s; put the authority's present list there", list.NextUpdate.UTC().Format(clock))
	}
	return nil
}

// check refuses a verified connection to a host whose certificate, or that of an
// intermediate authority, was revoked by its issuer. It also refuses a list of an
// unknown issuer, which would revoke nothing for ever.
func (r revocations) check(state tls.ConnectionState) error {
	known := r.authorities
	for _, chain := range state.VerifiedChains {
		known = append(known[:len(known):len(known)], chain[1:]...)
	}
	for _, list := range r.lists {
		if !slices.ContainsFunc(known, func(c *x509.Certificate) bool { return signed(list, c) }) {
			return unusable("list of revoked certificates", r.file, fmt.Errorf("it is of %q, who is none of the authorities here", sanitize.Text(list.Issuer.String())))
		}
	}
	for _, chain := range state.VerifiedChains {
		for i, issuer := range chain[1:] {
			for _, list := range r.lists {
				if signed(list, issuer) && listed(list, chain[i]) {
					return r.refusal(i)
				}
			}
		}
	}
	return nil
}

// refusal is the error of a revoked certificate, so many steps above the host's.
func (r revocations) refusal(above int) error {
	what := "its certificate"
	if above > 0 {
		what = "the certificate of the authority that issued its certificate"
	}
	return &Error{Reason: fmt.Sprintf("%s has been revoked (%s)", what, r.file), Persistence: Permanent}
}

// signed tells whether a list is of an authority. The authority's certificate need
// not allow it to sign lists: many that are made for libvirt do not.
func signed(list *x509.RevocationList, authority *x509.Certificate) bool {
	return authority.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, list.Signature) == nil
}

func listed(list *x509.RevocationList, c *x509.Certificate) bool {
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(entry x509.RevocationListEntry) bool {
		return entry.SerialNumber.Cmp(c.SerialNumber) == 0
	})
}

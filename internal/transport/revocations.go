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

// loadRevoked reads the authority's certificate revocation list, if there is one. It
// must be valid now, unlike in libvirt's own clients: an old list misses the latest
// revocations.
func (f certificates) loadRevoked(authorities []*x509.Certificate) (revocations, error) {
	const what = "certificate revocation list"
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
		return r, unusable(what, f.Revoked, errors.New("it holds no PEM revocation list"))
	}
	return r, nil
}

// stale says why a list is not valid now.
func stale(list *x509.RevocationList) error {
	switch now := time.Now(); {
	case now.Before(list.ThisUpdate):
		return fmt.Errorf("it is not valid before %s (is this machine's clock right?)", list.ThisUpdate.UTC().Format(clock))
	case !list.NextUpdate.IsZero() && now.After(list.NextUpdate):
		return fmt.Errorf("it expired on %s; replace it with the authority's current list",
			list.NextUpdate.UTC().Format(clock))
	}
	return nil
}

// check refuses a verified connection if the host's certificate, or that of an
// intermediate authority, is revoked by its issuer. It also refuses a list of an
// unknown issuer, which would never revoke anything.
func (r revocations) check(state tls.ConnectionState) error {
	known := r.authorities
	for _, chain := range state.VerifiedChains {
		known = append(known[:len(known):len(known)], chain[1:]...)
	}
	for _, list := range r.lists {
		if !slices.ContainsFunc(known, func(c *x509.Certificate) bool { return signed(list, c) }) {
			return unusable("certificate revocation list", r.file,
				fmt.Errorf("its issuer %q is not a trusted authority", sanitize.Text(list.Issuer.String())))
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

// refusal is the error of a revoked certificate, the given steps above the host's.
func (r revocations) refusal(above int) error {
	what := "its certificate"
	if above > 0 {
		what = "the certificate of the authority that issued its certificate"
	}
	return &Error{Reason: fmt.Sprintf("%s has been revoked (%s)", what, r.file), Persistence: Permanent}
}

// signed tells whether an authority signed a list. Its certificate need not allow that:
// many that are made for libvirt do not.
func signed(list *x509.RevocationList, authority *x509.Certificate) bool {
	return authority.CheckSignature(list.SignatureAlgorithm, list.RawTBSRevocationList, list.Signature) == nil
}

func listed(list *x509.RevocationList, c *x509.Certificate) bool {
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(entry x509.RevocationListEntry) bool {
		return entry.SerialNumber.Cmp(c.SerialNumber) == 0
	})
}

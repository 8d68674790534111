//go:build lab

package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
)

// bothWays migrates a guest in each mode under parameters that fail, and then under those that are right.
func bothWays(t *testing.T, wrong, right migration.Parameters, failed func(error) bool) {
	t.Helper()
	for name, migrate := range map[string]func(*steps) error{
		"peer-to-peer": func(s *steps) error {
			return s.source.MigratePeerToPeer(testContext(s.t), s.guest.UUID, s.destination.PeerURI(), s.p)
		},
		"direct": func(s *steps) error {
			if err := errors.Join(s.begin(), s.prepare()); err != nil {
				return err
			}
			err := s.perform()
			finished := s.finish(err != nil)
			if err != nil {
				return err
			}
			return errors.Join(finished, s.confirm(false))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteps(t, lab.GuestSpec{Bare: true}, wrong)
			if err := migrate(s); !failed(err) {
				t.Errorf("under %+v it ended with %v", wrong, err)
			}
			until(t, "the source has no job", func() bool {
				job, err := s.source.Job(testContext(t), s.guest.UUID)
				return err == nil && job.Type == migration.JobNone
			})
			s.p, s.cookie = right, nil
			s.p.MigrationURI = s.destination.MigrationURI()
			if err := migrate(s); err != nil {
				t.Fatalf("under %+v: %v", right, err)
			}
			if d, err := s.destination.Domain(testContext(t), s.guest.UUID); err != nil || d.State != migration.StateRunning {
				t.Errorf("on the destination: %+v, %v", d, err)
			}
		})
	}
}

// A certificate by name fits a migration_uri by address where tls_destination has the name.
func TestCertificateByName(t *testing.T) {
	w := world(t)
	authority, err := w.Authority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(lab.CertificateSpec{CommonName: "kvm2.example.com", Names: []string{"kvm2.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	w.Hosts[1].ServeQEMUCertificate(t, pair)
	encrypted := migration.Parameters{Persistent: true, Policy: told(policy.Policy{Encryption: new(true)})}
	named := encrypted
	named.TLSDestination = "kvm2.example.com"
	bothWays(t, encrypted, named, func(err error) bool {
		var e *host.Error
		return errors.As(err, &e) && e.Refusal.Kind == refusal.CertificateName
	})
}

// QEMU receives memory on the address that it is told, and on no other.
func TestListenAddress(t *testing.T) {
	elsewhere := migration.Parameters{Persistent: true, ListenAddress: "192.0.2.1"}
	here := migration.Parameters{Persistent: true, ListenAddress: world(t).Hosts[1].Address}
	bothWays(t, elsewhere, here, func(err error) bool {
		return err != nil && strings.Contains(err.Error(), "Cannot assign requested address")
	})
}

package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// secretCheck looks whether the destination has the secrets of the VM's disks and TPMs.
// Whether they have their values is not asked.
type secretCheck struct{}

// SecretMissing is a host without a secret.
type SecretMissing struct{ UUID string }

// Problem implements migration.Fact.
func (SecretMissing) Problem() string { return "no such secret" }

func (secretCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []error
	for _, secret := range s.guest.Secrets {
		if secret.UUID == "" {
			unknown = append(unknown, unknowable(s.destination(), "the secret for "+secret.Usage))
			continue
		}
		has, err := s.Destination.HasSecret(ctx, secret.UUID)
		switch {
		case err != nil:
			unknown = append(unknown, unasked(s.destination(), secret.Device, err))
		case !has:
			found = append(found, migration.Finding{
				Fact: SecretMissing{secret.UUID}, Host: s.destination(), Device: secret.Device,
			})
		}
	}
	return found, errors.Join(unknown...)
}

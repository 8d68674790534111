package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// certificateCheck says that nobody can ask which names are in the certificate that QEMU on
// the destination shows. The source compares them with the address that memory goes to.
type certificateCheck struct{}

func (certificateCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	if !s.Move.Policy.Encryption() {
		return nil, nil
	}
	return nil, unknowable(s.destination(), "the names in QEMU's certificate")
}

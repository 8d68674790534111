package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// nameCheck looks whether another domain of the destination has the VM's name.
type nameCheck struct{}

// NameTaken is another domain, with UUID, that has the VM's name.
type NameTaken struct{ UUID string }

// Problem implements migration.Fact.
func (NameTaken) Problem() string { return "name taken" }

func (nameCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	names, err := s.Destination.DomainNames(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	for uuid, name := range names {
		if name == s.Move.Name && uuid != s.Move.UUID {
			return []migration.Finding{{Fact: NameTaken{uuid}, Host: s.destination()}}, nil
		}
	}
	return nil, nil
}

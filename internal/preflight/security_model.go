package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// securityModelCheck looks whether the destination has the security models of the VM's labels.
// libvirt writes its own labels into the definition, too, but those of "dac".
type securityModelCheck struct{}

// SecurityModelMissing is a host whose libvirt does not use a security model.
type SecurityModelMissing struct{ Model string }

// Problem implements migration.Fact.
func (SecurityModelMissing) Problem() string { return "no such security model" }

func (securityModelCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.SecurityModels) == 0 {
		return nil, nil
	}
	host, err := s.Destination.Capabilities(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	var found []migration.Finding
	for _, model := range s.guest.SecurityModels {
		if !slices.Contains(host.SecurityModels, model) {
			found = append(found, migration.Finding{Fact: SecurityModelMissing{model}, Host: s.destination()})
		}
	}
	return found, nil
}

package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// policyCheck looks for contradictions between the values of the effective policy.
type policyCheck struct{}

// PolicyConflict is a contradiction in the policy.
type PolicyConflict struct{ Conflict policy.Conflict }

// Problem implements migration.Fact.
func (PolicyConflict) Problem() string { return "policy conflict" }

func (policyCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	for _, conflict := range s.Move.Policy.Conflicts() {
		found = append(found, migration.Finding{Fact: PolicyConflict{conflict}, Lasting: !s.Unsettled})
	}
	return found, nil
}

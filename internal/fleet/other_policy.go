package fleet

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// OtherPolicyError is a move that was not started because another policy holds for the
// VM than the one whose digest the move was planned with.
type OtherPolicyError struct {
	// Location is where the VM is.
	Location Location
	// Holds is the policy that holds for it.
	Holds policy.Effective
}

func (e *OtherPolicyError) Error() string {
	return fmt.Sprintf("another policy holds for VM %s on %s than the move was planned with",
		e.Location.Domain.Name, e.Location.Host)
}

// planned fails with an *OtherPolicyError where the policy is not the planned one.
func (m Move) planned(r Resolution) error {
	if m.PolicyDigest == "" || r.Policy.Digest() == m.PolicyDigest {
		return nil
	}
	return &OtherPolicyError{Location: r.Location, Holds: r.Policy}
}

package instance

import (
	"sync"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Claims is for which resource instance this run plans each record, so that two that want
// the same one are found before anything is written. It is safe for concurrent use. One
// that is nil, before the provider is configured, knows nothing.
type Claims struct {
	mu    sync.Mutex
	taken map[RecordKey]claim
}

// RecordKey tells one record from others: that of a level on a host, or a VM's own.
type RecordKey struct {
	Level policy.Origin
	// On is a host's label, or a VM's UUID; of a VM that does not exist yet, what the
	// configuration calls it.
	On string
}

type claim struct{ claimant, of string }

// NewClaims is that of a run that begins.
func NewClaims() *Claims { return &Claims{taken: map[RecordKey]claim{}} }

// Claim notes that an instance wants a record, and what that is of. ok is false where
// another instance has claimed it, of which other is what its record is of.
func (c *Claims) Claim(claimant string, at RecordKey, of string) (other string, ok bool) {
	if c == nil {
		return "", true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if before, taken := c.taken[at]; taken && before.claimant != claimant {
		return before.of, false
	}
	c.taken[at] = claim{claimant, of}
	return "", true
}

// Claimant tells the instance from others of a run, also when Terraform plans its
// replacement next. One that has neither state nor memory is planned once.
func (m Memory) Claimant() string {
	switch {
	case m.Imported != "": // the owner may be that of another instance
		return m.Imported
	case m.Owner != "":
		return m.Owner
	}
	return uuid.NewString()
}

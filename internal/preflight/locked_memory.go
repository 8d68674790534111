package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// lockedMemoryCheck looks whether QEMU may lock all of the guest's memory for zero-copy. libvirt
// lets it lock as much as the guest's hard limit says, or all of its memory where it has none
// (qemuMigrationSrcRun). How much it locks at a time nobody can tell beforehand.
type lockedMemoryCheck struct{}

// LockLimit is a hard limit of a guest, in bytes, that is below its memory.
type LockLimit struct{ Limit, Memory uint64 }

// Problem implements migration.Fact.
func (LockLimit) Problem() string { return "memory limit too low for zero-copy" }

func (lockedMemoryCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	limit, memory := s.guest.HardLimitKiB<<10, s.assessed.Source().Domain.MemoryBytes
	if !s.Move.Policy.Parameters().Has(policy.FlagZeroCopy) || limit == 0 || limit >= memory {
		return nil, nil
	}
	return []migration.Finding{{Fact: LockLimit{limit, memory}, Host: s.source(), Warning: true}}, nil
}

package preflight

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// memoryCheck looks whether the destination has memory for the guest. One that is backed
// by huge pages takes them from a pool of their own. Neither libvirt nor QEMU compares the
// two, and swap, overcommit or a file may hold the rest: too little is never an error.
type memoryCheck struct{}

// MemoryTooSmall is a host that has less memory than the guest may use, in bytes.
type MemoryTooSmall struct{ Need, Have uint64 }

// Problem implements migration.Fact.
func (MemoryTooSmall) Problem() string { return "host too small" }

// MemoryShort is a host that has less memory available than the guest may use, in bytes.
type MemoryShort struct{ Need, Have uint64 }

// Problem implements migration.Fact.
func (MemoryShort) Problem() string { return "memory short" }

func (memoryCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if len(s.guest.HugePages) > 0 {
		return nil, nil
	}
	memory, err := s.Destination.Memory(ctx)
	need := s.assessed.Source().Domain.MemoryBytes
	switch {
	case err != nil:
		return nil, unasked(s.destination(), "", err)
	case memory.Total < need:
		return []migration.Finding{{Fact: MemoryTooSmall{need, memory.Total}, Host: s.destination(), Warning: true}}, nil
	case memory.Available < need:
		return []migration.Finding{{Fact: MemoryShort{need, memory.Available}, Host: s.destination(), Warning: true}}, nil
	}
	return nil, nil
}

package preflight

import (
	"context"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// rdmaCheck looks whether a VM that is to be sent by RDMA has the limit of its memory that
// libvirt wants: QEMU locks all of it.
type rdmaCheck struct{}

// NoHardLimit is a VM without a hard limit of its memory, of Memory bytes, and a
// migration_uri that is RDMA's.
type NoHardLimit struct{ Memory uint64 }

// Problem implements migration.Fact.
func (NoHardLimit) Problem() string { return "no memory limit for RDMA" }

func (rdmaCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	if !strings.HasPrefix(s.Move.MigrationURI, "rdma:") || s.guest.HardLimitKiB > 0 {
		return nil, nil
	}
	return []migration.Finding{{
		Fact: NoHardLimit{s.assessed.Source().Domain.MemoryBytes}, Host: s.source(),
	}}, nil
}

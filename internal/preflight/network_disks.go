package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// networkDiskCheck says that nobody can ask a host whether it reaches what a disk is read from
// over the network (RBD, iSCSI, NBD, HTTP).
type networkDiskCheck struct{}

func (networkDiskCheck) find(_ context.Context, s *scope) ([]migration.Finding, error) {
	var unknown []error
	for _, disk := range s.guest.Disks {
		if disk.Protocol != "" && !disk.Optional {
			unknown = append(unknown, unknowable(s.destination(), disk.name()+" ("+disk.Protocol+")"))
		}
	}
	return nil, errors.Join(unknown...)
}

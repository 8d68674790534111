package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// verdictCheck asks the source to begin the migration, and leaves it at that: libvirt then
// makes all its own checks of snapshots, disks, devices and jobs, moves nothing and keeps no
// job. It is asked only where no job runs on the VM, for which it would wait 30 s.
type verdictCheck struct{}

// Refused is a migration that the source's libvirt refuses, for the reason in
// Finding.Err.
type Refused struct{}

// Problem implements migration.Fact.
func (Refused) Problem() string { return "refused by libvirt" }

func (verdictCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	if !s.assessed.Idle() {
		return nil, &unaskedError{why: UnderWay}
	}
	_, _, err := s.Source.Begin(ctx, s.Move.UUID, s.Move.Parameters(s.assessed.Source().Domain))
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, migration.ErrBusy):
		return nil, &unaskedError{why: UnderWay, host: s.source(), err: err}
	case migration.Lost(err), errors.Is(err, migration.ErrDenied), errors.Is(err, migration.ErrNoDomain):
		return nil, unasked(s.source(), "", err)
	}
	// Storage and devices stay as they are, but what is not supported may be what the policy
	// asks for; a snapshot or a job may be gone until the move.
	lasting := errors.Is(err, migration.ErrUnsafe) || errors.Is(err, migration.ErrUnsupported) && !s.Unsettled
	return []migration.Finding{{Fact: Refused{}, Host: s.source(), Lasting: lasting, Err: err}}, nil
}

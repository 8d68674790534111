package host

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Migrations are how many migrations run from the host and to it, whoever started them, as
// the jobs of its domains tell: one call for each that is active. A domain whose job cannot
// be read is an error.
func (h *Host) Migrations(ctx context.Context, domains []DetailedDomain) (incoming, outgoing int, err error) {
	operations := make([]migration.JobOperation, len(domains))
	var asking []func() error
	for i, d := range domains {
		switch d.State {
		case migration.StateIncoming, migration.StatePostCopy:
			operations[i] = migration.OperationMigrationIn
		case migration.StatePostCopySource:
			operations[i] = migration.OperationMigrationOut
		case migration.StateShutOff, migration.StatePostCopyFailed: // they have no job that runs
		default:
			ask := func() (migration.JobOperation, error) { return h.Operation(ctx, d.UUID) }
			asking = append(asking, get(&operations[i], ask))
		}
	}
	err = parallel(asking...)
	for _, o := range operations {
		switch o {
		case migration.OperationMigrationIn:
			incoming++
		case migration.OperationMigrationOut:
			outgoing++
		case migration.OperationUnknown, migration.OperationOther:
		}
	}
	return incoming, outgoing, err
}

// Operation is what the job does that runs on a domain.
func (h *Host) Operation(ctx context.Context, uuid string) (migration.JobOperation, error) {
	job, err := h.Job(ctx, uuid)
	switch {
	case errors.Is(err, ErrUnsupported): // the job of an incoming domain
		return migration.OperationMigrationIn, nil
	case errors.Is(err, migration.ErrNotActive), errors.Is(err, migration.ErrNoDomain):
		return migration.OperationUnknown, nil
	case err != nil, job.Type != migration.JobRunning:
		return migration.OperationUnknown, err
	}
	return job.Operation, nil
}

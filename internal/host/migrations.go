package host

import (
	"context"
	"errors"
	"sync"

	"github.com/digitalocean/go-libvirt"

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

// Incoming are the VMs that migrations bring to the host, whoever started them: their names by UUID. It asks in one
// call, and once more for each domain that only its job tells from another one.
func (h *Host) Incoming(ctx context.Context) (map[string]string, error) {
	active, err := h.detailed(ctx, libvirt.ConnectGetAllDomainsStatsActive)
	incoming := map[string]string{}
	for _, d := range active {
		if d.State == migration.StateIncoming || d.State == migration.StatePostCopy {
			incoming[d.UUID] = d.Name
		}
	}
	return incoming, err
}

// Outgoing are the VMs that migrations take from the host, as far as their domains say so before the context ends. It
// asks for the job of each that is active; mute are those that did not answer, and those of the given ones, which are
// not asked.
func (h *Host) Outgoing(
	ctx context.Context, skip map[string]bool,
) (outgoing map[string]string, mute []string, err error) {
	active, err := h.detailed(ctx, libvirt.ConnectGetAllDomainsStatsActive)
	if err != nil {
		return nil, nil, err
	}
	outgoing = map[string]string{}
	var mu sync.Mutex
	var asking []func() error
	for _, d := range active {
		switch d.State {
		case migration.StatePostCopySource:
			outgoing[d.UUID] = d.Name
			continue
		case migration.StateIncoming, migration.StatePostCopy, migration.StatePostCopyFailed, migration.StateShutOff:
			continue
		default:
		}
		asking = append(asking, func() error {
			operation, err := migration.OperationUnknown, migration.ErrBusy
			if !skip[d.UUID] {
				operation, err = h.Operation(ctx, d.UUID)
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				mute = append(mute, d.UUID)
			case operation == migration.OperationMigrationOut:
				outgoing[d.UUID] = d.Name
			}
			return nil
		})
	}
	return outgoing, mute, parallel(asking...)
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

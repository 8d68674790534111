package preflight

import (
	"context"
	"errors"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// cpuCheck asks the destination whether it can run the guest's CPU.
type cpuCheck struct{}

// CPUError says that a guest's CPU cannot be had on a host.
type CPUError struct {
	// Reason is libvirt's text, with the missing features where it names them.
	Reason string
}

func (e *CPUError) Error() string { return "the guest's CPU cannot run there: " + e.Reason }

// CPUMissing is a guest CPU that the destination cannot run, for Reason.
type CPUMissing struct{ Reason string }

// Problem implements migration.Fact.
func (CPUMissing) Problem() string { return "CPU not available" }

func (cpuCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var known bool
	var unknown, err error
	var both sync.WaitGroup
	both.Go(func() { _, known, unknown = s.capabilities(ctx) })
	both.Go(func() { err = s.Destination.CompareCPU(ctx, s.guest.CPU) })
	both.Wait()
	switch {
	case unknown != nil:
		return nil, unasked(s.destination(), "", unknown)
	case !known: // without emulator or machine type there is no CPU; machineCheck tells of them
		return nil, nil
	}
	var incompatible *CPUError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &incompatible):
		return []migration.Finding{{
			Fact: CPUMissing{incompatible.Reason}, Host: s.destination(), Err: err,
		}}, nil
	}
	return nil, unasked(s.destination(), "", err)
}

// split takes a *CPUError out of an error: that a CPU cannot be had is an answer.
func split(err error) (*CPUError, error) {
	var missing *CPUError
	if errors.As(err, &missing) {
		return missing, nil
	}
	return nil, err
}

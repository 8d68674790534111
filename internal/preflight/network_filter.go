package preflight

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// filterCheck looks whether the destination has the network filters of the VM.
type filterCheck struct{}

// FilterMissing is a host without a network filter.
type FilterMissing struct{ Filter string }

// Problem implements migration.Fact.
func (FilterMissing) Problem() string { return "no such network filter" }

func (filterCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	var found []migration.Finding
	var unknown []error
	for _, nic := range s.guest.Interfaces {
		if nic.Filter == "" {
			continue
		}
		has, err := s.Destination.HasNetworkFilter(ctx, nic.Filter)
		switch {
		case err != nil:
			unknown = append(unknown, unasked(s.destination(), nic.Filter, err))
		case !has:
			found = append(found, migration.Finding{
				Fact: FilterMissing{nic.Filter}, Host: s.destination(), Device: nic.name(),
			})
		}
	}
	return found, errors.Join(unknown...)
}

package preflight

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// cordonCheck looks whether the destination is cordoned. A host whose own record cannot be read may be.
type cordonCheck struct{}

// Cordoned is a host that no VM is to be moved to, with the reason and the time where they were given.
type Cordoned struct {
	Why   string
	Since time.Time
}

// Problem implements migration.Fact.
func (Cordoned) Problem() string { return "host cordoned" }

// CordonUnknown is a host whose own record cannot be read.
type CordonUnknown struct{ Err error }

// Problem implements migration.Fact.
func (CordonUnknown) Problem() string { return "host's own record unreadable" }

func (cordonCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	record, err := s.Destination.Cordon(ctx)
	var newer *cordon.NewerVersionError
	var invalid *cordon.InvalidError
	switch {
	case errors.As(err, &newer), errors.As(err, &invalid):
		return []migration.Finding{{Fact: CordonUnknown{err}, Host: s.destination()}}, nil
	case err != nil:
		return nil, unasked(s.destination(), "", err)
	case record.Cordoned:
		return []migration.Finding{{Fact: Cordoned{record.Why, record.Since}, Host: s.destination()}}, nil
	}
	return nil, nil
}

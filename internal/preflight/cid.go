package preflight

import (
	"context"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// cidCheck looks whether the fixed context ID of the guest's vsock device is free on the
// destination. It sees those of other VMs only.
type cidCheck struct{}

// CIDTaken is a context ID that another VM of the host has.
type CIDTaken struct {
	CID uint32
	By  string
}

// Problem implements migration.Fact.
func (CIDTaken) Problem() string { return "guest CID taken" }

func (cidCheck) find(ctx context.Context, s *scope) ([]migration.Finding, error) {
	cid := s.guest.CID
	if cid == 0 {
		return nil, nil
	}
	neighbours, err := s.Destination.Neighbours(ctx)
	if err != nil {
		return nil, unasked(s.destination(), "", err)
	}
	i := slices.IndexFunc(neighbours, func(n Neighbour) bool { return n.CID == cid })
	if i < 0 {
		return nil, nil
	}
	return []migration.Finding{{Fact: CIDTaken{cid, neighbours[i].Domain}, Host: s.destination(), Device: "vsock"}}, nil
}

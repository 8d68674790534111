package fleet

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// Standing is what a host keeps about moves, of whichever run: whether it is cordoned, and who has leases there.
type Standing struct {
	Cordon cordon.Record
	// Unreadable is why the host's own record cannot be read: an *UnreadableCordonError, or nil.
	Unreadable error
	// Leases are those of moves; nil where the host keeps none, or does not let them be read.
	Leases []ListedLease
}

// ListedLease is the lease of a place, or that of a move which waits for one.
type ListedLease struct {
	Direction lease.Direction
	// Waits is true for a move that waits for its turn.
	Waits  bool
	Holder lease.Holder
}

// Moves is the lease of a VM that is to leave the host, or waits for that; nil where there is none.
func (s Standing) Moves(vm string) *ListedLease {
	var moves *ListedLease
	for i, l := range s.Leases {
		if l.Direction == lease.Out && l.Holder.VM == vm && (moves == nil || moves.Waits) {
			moves = &s.Leases[i]
		}
	}
	return moves
}

// standingOf reads both at once. The error is that of a host that cannot be asked.
func standingOf(ctx context.Context, h *host.Host) (Standing, error) {
	var s Standing
	var failed error
	var reading sync.WaitGroup
	reading.Go(func() { s.Leases, failed = listLeases(ctx, h) })
	var err error
	s.Cordon, err = cordonOf(ctx, h)
	reading.Wait()
	var unreadable *UnreadableCordonError
	switch {
	case errors.As(err, &unreadable):
		s.Unreadable, err = err, nil
	case errors.Is(err, host.ErrDenied):
		err = nil
	}
	return s, cmp.Or(err, failed)
}

// listLeases are the leases of moves on a host, which it leaves as they are: places before those that wait for one, in
// the order of their VMs' names.
func listLeases(ctx context.Context, h *host.Host) ([]ListedLease, error) {
	all, err := h.Leases(ctx)
	if host.KeepsNoLeases(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	leases := []ListedLease{}
	descriptions, errs := tryEach(all, func(l host.Lease) (*string, error) { return h.LeaseDescription(ctx, l) })
	for i, description := range descriptions {
		d, waits, ok := directionOf(all[i].Name)
		if errs[i] != nil {
			return nil, errs[i]
		}
		if ok && description != nil {
			leases = append(leases, ListedLease{d, waits, lease.Decode(*description)})
		}
	}
	slices.SortFunc(leases, func(a, b ListedLease) int {
		return cmp.Or(compareBool(a.Waits, b.Waits), cmp.Compare(b.Direction, a.Direction),
			cmp.Compare(a.Holder.Name, b.Holder.Name), cmp.Compare(a.Holder.VM, b.Holder.VM))
	})
	return leases, nil
}

// directionOf is the direction of a lease of a place, or of one that waits for one.
func directionOf(name string) (d lease.Direction, waits, ok bool) {
	if d, _, ok := lease.ParsePlace(name); ok {
		return d, false, true
	}
	d, _, ok = lease.ParseTicket(name)
	return d, true, ok
}

// compareBool has false first.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

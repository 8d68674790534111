package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

// recordLease is the name of the lease under which a host's own record is written.
const recordLease = "virt-lease-record"

const (
	// recordWait is how long to wait for another run that writes the record: longer than a lease of a run that was killed
	// lives.
	recordWait = 2 * lease.Life
	recordPoll = 200 * time.Millisecond
)

// RecordHeldError is a host's own record that another run is writing.
type RecordHeldError struct {
	Host   string
	Holder lease.Holder
}

func (e *RecordHeldError) Error() string {
	return fmt.Sprintf("another run (%s) has been writing the host's own record on %s for %s",
		e.Holder.Run, e.Host, recordWait)
}

// UnreadableCordonError is a host's own record that cannot be read: whether the host is cordoned is not known.
type UnreadableCordonError struct {
	Host string
	Err  error
}

func (e *UnreadableCordonError) Error() string { return fmt.Sprintf("host %q: %v", e.Host, e.Err) }

func (e *UnreadableCordonError) Unwrap() error { return e.Err }

// Cordon is a host's own record. The error is an *UnreadableCordonError, or that of a host that cannot be asked.
func (f *Fleet) Cordon(ctx context.Context, name string) (cordon.Record, error) {
	h, err := f.host(name)
	if err != nil {
		return cordon.Record{}, err
	}
	return cordonOf(ctx, h)
}

func cordonOf(ctx context.Context, h *host.Host) (cordon.Record, error) {
	r, err := h.Cordon(ctx)
	var of *host.Error
	if err != nil && !errors.As(err, &of) {
		err = &UnreadableCordonError{h.Name(), err}
	}
	return r, err
}

// stillCordoned looks once more whether the source of a move is cordoned that only leaves it for that. Whoever opens
// the host looks for entries of such moves in histories after that, and this one has its entry by now: so one of the
// two sees the other. The error is an *OpenedError.
func (f *Fleet) stillCordoned(ctx context.Context, m Move, l Location) error {
	if !m.fromCordoned {
		return nil
	}
	if record, err := f.Cordon(ctx, l.Host); err == nil && !record.Cordoned {
		return &OpenedError{l.Host}
	}
	return nil
}

// ChangeCordon changes a host's own record: it is read, changed and written under a lease, so that no two runs change
// it at once. An error of change leaves it as it is, and so does a record that cannot be read.
func (f *Fleet) ChangeCordon(
	ctx context.Context, name string, change func(cordon.Record) (cordon.Record, error),
) (cordon.Record, error) {
	h, err := f.host(name)
	if err != nil {
		return cordon.Record{}, err
	}
	release, err := f.alone(ctx, name, host.Itself.String())
	if err != nil {
		return cordon.Record{}, err
	}
	defer release()
	end, err := f.holdRecord(ctx, h)
	if err != nil {
		return cordon.Record{}, err
	}
	defer end()
	present, err := cordonOf(ctx, h)
	if err != nil {
		return cordon.Record{}, err
	}
	changed, err := change(present)
	if err != nil {
		return present, err
	}
	return changed, h.SetCordon(ctx, changed)
}

// holdRecord takes the lease under which a host's own record is written; end ends it.
func (f *Fleet) holdRecord(ctx context.Context, h *host.Host) (end func(), err error) {
	mine := host.Lease{UUID: uuid.NewString(), Name: recordLease}
	holder := lease.Holder{Run: f.run, Process: places.ThisProcess()}
	var sightings lease.Sightings
	for until := time.Now().Add(recordWait); ; {
		err := h.TakeLease(ctx, mine, holder.Until(time.Now()).Encode())
		if err == nil {
			return func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.Renewal)
				defer cancel()
				_ = h.EndLease(ctx, mine) // one that cannot be ended expires
			}, nil
		}
		if !errors.Is(err, host.ErrLeaseTaken) {
			return nil, err
		}
		holder, err := takeOver(ctx, h, recordLease, &sightings)
		if err != nil {
			return nil, err
		}
		if time.Now().After(until) {
			return nil, &RecordHeldError{h.Name(), holder}
		}
		if err := wait(ctx, recordPoll); err != nil {
			return nil, err
		}
	}
}

// takeOver ends the lease of a name if nobody renews it, and tells who has it.
func takeOver(ctx context.Context, h *host.Host, name string, sightings *lease.Sightings) (lease.Holder, error) {
	leases, err := h.Leases(ctx)
	if err != nil {
		return lease.Holder{}, err
	}
	for _, l := range leases {
		if l.Name != name {
			continue
		}
		description, err := h.LeaseDescription(ctx, l)
		if err != nil || description == nil {
			return lease.Holder{}, err
		}
		holder := lease.Decode(*description)
		if sightings.Stale(l.UUID, *description, places.Ended(holder.Process), time.Now()) {
			return lease.Holder{}, h.EndLease(ctx, l)
		}
		return holder, nil
	}
	return lease.Holder{}, nil
}

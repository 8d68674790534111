package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// VMRecord is the copies of a VM's record on its host: live and config for a
// persistent VM that is active, else the one that there can be.
type VMRecord struct {
	Location Location
	Copies   []Copy
}

// InSync is what VMRecord.Drift says when there is none.
const InSync = "in_sync"

// ReadVM finds a VM and reads its record. A VM that moves on in between is looked
// for again.
func (f *Fleet) ReadVM(ctx context.Context, vm, last string) (VMRecord, error) {
	return f.readWhere(ctx, func() (Location, error) { return f.Find(ctx, vm, last) })
}

// ReadVMByUUID is ReadVM for a VM that is known by its UUID.
func (f *Fleet) ReadVMByUUID(ctx context.Context, uuid, last string) (VMRecord, error) {
	return f.readWhere(ctx, func() (Location, error) { return f.FindUUID(ctx, uuid, last) })
}

func (f *Fleet) readWhere(ctx context.Context, find func() (Location, error)) (VMRecord, error) {
	for attempt := 1; ; attempt++ {
		location, err := find()
		if err != nil {
			return VMRecord{}, err
		}
		record, err := f.readVM(ctx, location)
		if errors.Is(err, migration.ErrNoDomain) && attempt < readAttempts {
			continue
		}
		return record, err
	}
}

// readAttempts is how often a VM is looked for that is gone from where it was
// just found.
const readAttempts = 3

func (f *Fleet) readVM(ctx context.Context, location Location) (VMRecord, error) {
	h, err := f.host(location.Host)
	if err != nil {
		return VMRecord{}, err
	}
	raw, err := h.DomainRecord(ctx, location.Domain.UUID)
	if err != nil {
		return VMRecord{}, err
	}
	if !raw.Active && !raw.Persistent {
		return VMRecord{}, fmt.Errorf("host %q: VM %s has just ended: %w", h.Name(), location.Domain.Name, migration.ErrNoDomain)
	}
	r := VMRecord{Location: location}
	if raw.Active {
		r.Copies = append(r.Copies, Copy{Host: h.Name(), VM: location.Domain.UUID, Place: "live", Document: raw.Live}.decode())
	}
	if raw.Persistent {
		r.Copies = append(r.Copies, Copy{Host: h.Name(), VM: location.Domain.UUID, Place: "config", Document: raw.Config}.decode())
	}
	return r, nil
}

// Gone tells whether the VM has no copy of the record at all.
func (r VMRecord) Gone() bool {
	return !slices.ContainsFunc(r.Copies, func(c Copy) bool { return c.Document != nil })
}

// Agreed is the policy that all copies say, if they do.
func (r VMRecord) Agreed() (policy.Policy, bool) { return agreed(r.Copies) }

// Drift says in words which copy differs from the policy, and how; InSync when
// none does.
func (r VMRecord) Drift(want policy.Policy) string {
	texts := Declaration{Policy: want}.drift(r.Copies...)
	if len(texts) == 0 {
		return InSync
	}
	return strings.Join(texts, "; ")
}

// Unknown says which copies have members that this release does not know.
func (r VMRecord) Unknown() []string { return unknownMembers(r.Copies) }

// Telling is the policy of the copy that counts: the first that can be read. A
// record of which any copy is newer than this release is not read at all.
func (r VMRecord) Telling() (policy.Policy, error) {
	for _, c := range r.Copies {
		if err := c.newer(); err != nil {
			return policy.Policy{}, err
		}
	}
	for _, c := range r.Copies {
		if c.readable() {
			return c.Record.Policy, nil
		}
	}
	for _, c := range r.Copies {
		if err := c.unreadable(); err != nil {
			return policy.Policy{}, err
		}
	}
	return policy.Policy{}, &NoRecordError{VM: r.Location.Domain.Name, Host: r.Location.Host}
}

// NoRecordError is a VM without a record.
type NoRecordError struct{ VM, Host string }

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("VM %s on %s has no record of a migration policy", e.VM, e.Host)
}

// CreateVM writes a VM's first record. An equal one is adopted; a different one
// is an *ExistsError, one that can not be read an *InvalidRecordError.
func (f *Fleet) CreateVM(ctx context.Context, vm string, p policy.Policy) (VMRecord, error) {
	location, err := f.Find(ctx, vm, "")
	if err != nil {
		return VMRecord{}, err
	}
	uuid := location.Domain.UUID
	release, err := f.alone(ctx, uuid)
	if err != nil {
		return VMRecord{}, err
	}
	defer release()
	present, err := f.ReadVMByUUID(ctx, uuid, location.Host)
	if err != nil {
		return VMRecord{}, err
	}
	want := Declaration{Policy: p}
	for _, c := range present.Copies {
		switch {
		case c.Document == nil || want.matchesCopy(c):
		case c.newer() != nil:
			return VMRecord{}, c.newer()
		case c.Invalid != nil:
			return VMRecord{}, &InvalidRecordError{Copy: c}
		default:
			return VMRecord{}, &ExistsError{Copy: c, Differences: want.differences(c.Record)}
		}
	}
	return f.writeVM(ctx, present, p)
}

// UpdateVM makes all copies of a VM's record equal to the policy.
func (f *Fleet) UpdateVM(ctx context.Context, uuid, last string, p policy.Policy) (VMRecord, error) {
	release, err := f.alone(ctx, uuid)
	if err != nil {
		return VMRecord{}, err
	}
	defer release()
	present, err := f.ReadVMByUUID(ctx, uuid, last)
	if err != nil {
		return VMRecord{}, err
	}
	for _, c := range present.Copies {
		if err := c.newer(); err != nil {
			return VMRecord{}, err
		}
	}
	return f.writeVM(ctx, present, p)
}

// writeVM writes the copies that differ and reads them back where the VM is
// then.
func (f *Fleet) writeVM(ctx context.Context, present VMRecord, p policy.Policy) (VMRecord, error) {
	h, err := f.host(present.Location.Host)
	if err != nil {
		return VMRecord{}, err
	}
	uuid := present.Location.Domain.UUID
	if present.Drift(p) != InSync {
		document, err := encode("", p, present.mostTelling())
		if err != nil {
			return VMRecord{}, fmt.Errorf("host %q: %w", h.Name(), err)
		}
		if err := h.WriteDomainRecord(ctx, uuid, document); err != nil {
			return VMRecord{}, err
		}
	}
	written, err := f.ReadVMByUUID(ctx, uuid, h.Name())
	if err != nil {
		return VMRecord{}, err
	}
	if drift := written.Drift(p); drift != InSync {
		return written, &OverwrittenError{Drift: drift}
	}
	return written, nil
}

// mostTelling is the copy whose unknown members are kept: the one that has the
// most.
func (r VMRecord) mostTelling() Copy {
	var best Copy
	for _, c := range r.Copies {
		if len(c.Record.Unknown) > len(best.Record.Unknown) {
			best = c
		}
	}
	return best
}

// DeleteVM removes a VM's record. A VM that is gone has none.
func (f *Fleet) DeleteVM(ctx context.Context, uuid, last string) error {
	release, err := f.alone(ctx, uuid)
	if err != nil {
		return err
	}
	defer release()
	present, err := f.ReadVMByUUID(ctx, uuid, last)
	var notFound *NotFoundError
	switch {
	case errors.As(err, &notFound), errors.Is(err, migration.ErrNoDomain):
		return nil
	case err != nil:
		return err
	case present.Gone():
		return nil
	}
	for _, c := range present.Copies {
		if err := c.newer(); err != nil {
			return err
		}
	}
	h, err := f.host(present.Location.Host)
	if err != nil {
		return err
	}
	return h.DeleteDomainRecord(ctx, uuid)
}

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// VMRecord is the copies of a VM's record on its host: live and config for a
// persistent VM that is active, else the one that there can be.
type VMRecord struct {
	Location Location
	Copies   []Copy
}

// ReadVM finds a VM and reads its record. A VM that moves on in between is looked
// for again.
func (f *Fleet) ReadVM(ctx context.Context, vm, last string) (VMRecord, error) {
	return f.readWhere(ctx, func() (Location, error) { return f.Find(ctx, vm, last) })
}

// ReadVMByUUID is ReadVM for a VM that is known by its UUID, for a plan: the record is read
// now, and where the VM is, and whether it runs, may be as old as a census.
func (f *Fleet) ReadVMByUUID(ctx context.Context, uuid, last string) (VMRecord, error) {
	if location, ok := f.recent(ctx, uuid, last); ok {
		if r, ok := f.asSeen(ctx, location); ok {
			return r, nil
		}
	}
	return f.readUUID(ctx, uuid, last)
}

// readUUID finds a VM by its UUID and reads its record.
func (f *Fleet) readUUID(ctx context.Context, uuid, last string) (VMRecord, error) {
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

// readAttempts is how often to look for a VM that is gone from where it was just found.
const readAttempts = 3

func (f *Fleet) readVM(ctx context.Context, location Location) (VMRecord, error) {
	return f.readCopies(location, func(h *host.Host) (host.DomainDocument, error) {
		return h.DomainRecord(ctx, location.Domain.UUID)
	})
}

// asSeen reads the record of a VM for a plan; ok is false where the VM is not any more as it was seen.
func (f *Fleet) asSeen(ctx context.Context, l Location) (r VMRecord, ok bool) {
	r, err := f.readCopies(l, func(h *host.Host) (host.DomainDocument, error) {
		return h.RecordInPlan(ctx, l.Domain)
	})
	return r, err == nil
}

func (f *Fleet) readCopies(l Location, read func(*host.Host) (host.DomainDocument, error)) (VMRecord, error) {
	h, err := f.host(l.Host)
	if err != nil {
		return VMRecord{}, err
	}
	raw, err := read(h)
	if err != nil {
		return VMRecord{}, err
	}
	return recordAt(l, raw)
}

// recordAt is the record that the VM's host has.
func recordAt(location Location, raw host.DomainDocument) (VMRecord, error) {
	if !raw.Active && !raw.Persistent {
		return VMRecord{}, fmt.Errorf("host %q: VM %s has just ended: %w",
			location.Host, location.Domain.Name, migration.ErrNoDomain)
	}
	r := VMRecord{Location: location}
	if raw.Active {
		r.Copies = append(r.Copies, Copy{
			Host: location.Host, VM: location.Domain.UUID, Impact: live, Twin: raw.Persistent, Document: raw.Live,
		}.decode())
	}
	if raw.Persistent {
		r.Copies = append(r.Copies, Copy{
			Host: location.Host, VM: location.Domain.UUID, Impact: config, Twin: raw.Active, Document: raw.Config,
		}.decode())
	}
	return r, nil
}

// raw is the record as its host has it.
func (r VMRecord) raw() (raw host.DomainDocument) {
	for _, c := range r.Copies {
		if c.Impact == live {
			raw.Active, raw.Live = true, c.Document
		} else {
			raw.Persistent, raw.Config = true, c.Document
		}
	}
	return raw
}

// active tells whether the VM was active when its record was read.
func (r VMRecord) active() bool { return r.Copies[0].Impact == live }

// Gone tells whether the VM has no copy of the record at all.
func (r VMRecord) Gone() bool {
	return !slices.ContainsFunc(r.Copies, func(c Copy) bool { return c.Document != nil })
}

// Agreed is the policy that all copies say, if they do.
func (r VMRecord) Agreed() (policy.Policy, bool) { return agreed(r.Copies) }

// Drift lists the copies that differ from the policy, also where all agree on
// another one, which Agreed tells.
func (r VMRecord) Drift(want policy.Policy) []Drift {
	return Declaration{Policy: want}.drift(r.Copies...)
}

// Unknown lists the copies that have members which this release does not know.
func (r VMRecord) Unknown() []Copy { return unknownMembers(r.Copies) }

// Telling is the record of the copy that counts: the first that can be read. A
// record of which any copy is newer than this release is not read at all.
func (r VMRecord) Telling() (policy.Record, error) {
	if err := r.Stuck(); err != nil {
		return policy.Record{}, err
	}
	for _, c := range r.Copies {
		if c.readable() {
			return c.Record, nil
		}
	}
	if err := unreadable(r.Copies); err != nil {
		return policy.Record{}, err
	}
	return policy.Record{}, &NoRecordError{VM: r.Location.Domain.Name, Host: r.Location.Host}
}

// NoRecordError is a VM without a record.
type NoRecordError struct{ VM, Host string }

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("VM %s on %s has no record of a migration policy", e.VM, e.Host)
}

// ChangedVM is a VM's record after a change.
type ChangedVM struct {
	Record VMRecord
	// Taken are copies of another owner, as they were before they were taken over.
	Taken []Copy
}

// InspectVM checks, while planning, what a CreateVM would find: an
// *ExistsError, an *InvalidRecordError or a *NewerRecordError where it would be
// refused.
func (f *Fleet) InspectVM(ctx context.Context, l Location, d Declaration) error {
	present, err := f.ReadVMByUUID(ctx, l.Domain.UUID, l.Host)
	if err != nil {
		return err
	}
	return present.prevents(d)
}

// prevents is why a record may not be created where these copies are; nil when it
// may.
func (r VMRecord) prevents(d Declaration) error {
	for _, c := range r.Copies {
		if err := d.prevents(c); err != nil {
			return err
		}
	}
	return nil
}

// CreateVM writes a VM's first record. An equal one is taken over from its owner;
// a different one is an *ExistsError, unless its owner is the one that the
// declaration replaces, and one that cannot be read an *InvalidRecordError.
func (f *Fleet) CreateVM(ctx context.Context, vm string, d Declaration) (ChangedVM, error) {
	present, release, err := f.readToCreate(ctx, vm)
	if err != nil {
		return ChangedVM{}, err
	}
	defer release()
	if err := present.prevents(d); err != nil {
		return ChangedVM{}, err
	}
	created, err := f.writeVM(ctx, present, d)
	created.Taken = d.othersOf(present.Copies)
	return created, err
}

// UpdateVM makes all copies of a VM's record equal to the policy. It overwrites no
// copy that another has changed since the plan saw it (*ChangedError), and takes
// back one that another instance had declared by then.
func (f *Fleet) UpdateVM(ctx context.Context, uuid, last string, d Declaration) (ChangedVM, error) {
	release, err := f.alone(ctx, uuid)
	if err != nil {
		return ChangedVM{}, err
	}
	defer release()
	present, err := f.readToWrite(ctx, uuid, last)
	if err != nil {
		return ChangedVM{}, err
	}
	if err := present.Stuck(); err != nil {
		return ChangedVM{}, err
	}
	for _, c := range present.Copies {
		if err := d.unexpectedOfVM(c); err != nil {
			return ChangedVM{}, err
		}
	}
	return f.writeVM(ctx, present, d)
}

// unexpectedOfVM is why a copy must not be written over: the plan saw neither copy
// like that. A VM that was started since has got a live copy, equal to its other.
func (d Declaration) unexpectedOfVM(c Copy) error {
	if c.Document == nil || d.matchesCopy(c) {
		return nil
	}
	for _, saw := range d.Seen {
		if saw == d.sees(c) {
			return nil
		}
	}
	return &ChangedError{Drift: d.drift(c)[0]}
}

// writeVM writes the copies that differ, and returns them as they are then, where the VM
// is then.
func (f *Fleet) writeVM(ctx context.Context, present VMRecord, d Declaration) (ChangedVM, error) {
	h, err := f.host(present.Location.Host)
	if err != nil {
		return ChangedVM{}, err
	}
	uuid := present.Location.Domain.UUID
	if ctx.Err() != nil {
		return ChangedVM{}, context.Cause(ctx)
	}
	// A write that has begun is finished, so that state knows what was written.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	written := present
	if !present.settled(d) {
		document, err := d.encode(present.mostTelling())
		if err != nil {
			return ChangedVM{}, fmt.Errorf("host %q: %w", h.Name(), err)
		}
		raw, err := h.WriteDomainRecord(ctx, uuid, present.raw(), document)
		if err != nil {
			return ChangedVM{}, err
		}
		written, err = recordAt(present.Location, raw)
		if err != nil || written.active() != present.active() { // it was moved, started or ended meanwhile
			written, err = f.readUUID(ctx, uuid, h.Name())
		}
		if err != nil {
			return ChangedVM{}, err
		}
	}
	changed := ChangedVM{Record: written, Taken: d.takenFrom(present.Copies)}
	if drift := written.Drift(d.Policy); len(drift) > 0 {
		return changed, &OverwrittenError{Drift: drift}
	}
	return changed, nil
}

// writeTimeout bounds writing a VM's record and reading it back.
const writeTimeout = 30 * time.Second

// settled tells whether no copy needs writing.
func (r VMRecord) settled(d Declaration) bool {
	return !slices.ContainsFunc(r.Copies, func(c Copy) bool { return !d.settled(c) })
}

// Seen are the copies as they are, numbered, wherever they are: a VM that is started or
// shut off gains or loses one, which says the same.
func (r VMRecord) Seen(d Declaration) map[string]Digest {
	var digests []Digest
	for _, c := range r.Copies {
		digests = append(digests, d.sees(c))
	}
	slices.Sort(digests)
	seen := map[string]Digest{}
	for i, digest := range slices.Compact(digests) {
		seen[strconv.Itoa(i)] = digest
	}
	return seen
}

// Stuck is why the record cannot be written: a newer release wrote it; else nil.
func (r VMRecord) Stuck() error {
	for _, c := range r.Copies {
		if err := c.newer(); err != nil {
			return err
		}
	}
	return nil
}

// Redeclared is a copy that another instance has declared since, or nil.
func (r VMRecord) Redeclared(d Declaration) *Copy {
	for _, c := range r.Copies {
		if d.redeclared(c) {
			return &c
		}
	}
	return nil
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

// DeleteVM removes a VM's record, and returns its copies. It leaves one that another
// instance has declared. A VM that no host has is the *NotFoundError of Find: whether its
// record is gone with it depends on which hosts were asked.
func (f *Fleet) DeleteVM(
	ctx context.Context, uuid, last string, d Declaration,
) (removed []Copy, left *Copy, err error) {
	release, err := f.alone(ctx, uuid)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	present, err := f.readToWrite(ctx, uuid, last)
	switch {
	case errors.Is(err, migration.ErrNoDomain):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case present.Gone():
		return nil, nil, nil
	}
	if err := present.Stuck(); err != nil {
		return nil, nil, err
	}
	if left := present.Redeclared(d); left != nil {
		return nil, left, nil
	}
	h, err := f.host(present.Location.Host)
	if err != nil {
		return nil, nil, err
	}
	return present.Copies, nil, h.DeleteDomainRecord(ctx, uuid, present.raw())
}

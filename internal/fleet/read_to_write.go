package fleet

import (
	"context"
	"slices"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

// A write reads its own record first. Where the VM is it takes from a census, and asks in the
// same round trip for what may have changed since.

// stillAt reads the record of a VM where it was; ok is false where it has gone on, was
// started or has ended since.
func (f *Fleet) stillAt(ctx context.Context, l Location) (r VMRecord, ok bool) {
	r, err := f.readVM(ctx, l)
	return r, err == nil && r.active() == l.Domain.Active()
}

// readToWrite is ReadVMByUUID for a write.
func (f *Fleet) readToWrite(ctx context.Context, uuid, last string) (VMRecord, error) {
	if location, ok := f.recent(ctx, uuid, last); ok {
		if r, ok := f.unchanged(ctx, uuid, location); ok {
			return r, nil
		}
	}
	return f.readUUID(ctx, uuid, last)
}

// readToCreate finds a VM, given by name or UUID, and reads its record, which nobody else
// changes before release.
func (f *Fleet) readToCreate(ctx context.Context, vm string) (present VMRecord, release func(), err error) {
	if location, ok := f.recent(ctx, vm, ""); ok {
		if release, err = f.alone(ctx, location.Domain.UUID); err != nil {
			return present, nil, err
		}
		if present, ok = f.unchanged(ctx, vm, location); ok {
			return present, release, nil
		}
		release()
	}
	location, err := f.Find(ctx, vm, "")
	if err != nil {
		return present, nil, err
	}
	if release, err = f.alone(ctx, location.Domain.UUID); err != nil {
		return present, nil, err
	}
	present, ok := f.stillAt(ctx, location)
	if !ok {
		present, err = f.readUUID(ctx, location.Domain.UUID, location.Host)
	}
	if err != nil {
		release()
		return present, nil, err
	}
	return present, release, nil
}

// unchanged reads the record of a VM where a census saw it; ok is false where the VM has to be
// looked for: it has gone on, its name means another one by now, or it is shut off here, and
// another host has it, too.
func (f *Fleet) unchanged(ctx context.Context, vm string, l Location) (r VMRecord, ok bool) {
	var asking sync.WaitGroup
	var alone bool
	asking.Go(func() { alone = f.only(ctx, vm, l) })
	r, ok = f.stillAt(ctx, l)
	asking.Wait()
	return r, ok && alone
}

// only asks all hosts whether a VM is only where a census saw it, as far as that matters.
func (f *Fleet) only(ctx context.Context, vm string, l Location) bool {
	uuid := l.Domain.UUID
	_, byUUID := ParseUUID(vm)
	named := func(h *host.Host) bool {
		found, err := h.UUIDOf(ctx, vm)
		return err == nil && (found == uuid || found == "" && h.Name() != l.Host)
	}
	without := func(h *host.Host) bool {
		has, err := h.Has(ctx, uuid)
		return err == nil && !has
	}
	return !slices.Contains(each(f.hosts, func(h *host.Host) bool {
		return (byUUID || named(h)) && (l.Domain.Active() || h.Name() == l.Host || without(h))
	}), false)
}

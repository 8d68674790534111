package migration

import "context"

// downtime sets the first of the pauses that the policy allows before the job starts, and
// restores the former value when the VM stays. Where libvirt refuses it, the ladder orders it
// on the running job; libvirt then restores it by itself when the job fails.
type downtime struct {
	request Request
	// wanted is what was to be set and before what has to be put back, in milliseconds; before
	// is nil where nothing was set.
	wanted uint64
	before *uint64
}

// prepare sets a pause before the start.
func (d *downtime) prepare(ctx context.Context, milliseconds uint64) error {
	source, uuid := d.request.Source, d.request.UUID
	before, err := ask(ctx, callDeadline, func(ctx context.Context) (uint64, error) {
		return source.MaxDowntime(ctx, uuid)
	})
	if err != nil || before == milliseconds {
		return err
	}
	// Noted before it is known to be set: an answer can get lost.
	d.wanted, d.before = milliseconds, &before
	return order(ctx, lockDeadline, func(ctx context.Context) error {
		return source.SetMaxDowntime(ctx, uuid, milliseconds)
	})
}

// restore sets the former value again, for a VM that stayed.
func (d *downtime) restore(ctx context.Context) error {
	if d == nil || d.before == nil {
		return nil
	}
	return order(ctx, lockDeadline, func(ctx context.Context) error {
		return d.request.Source.SetMaxDowntime(ctx, d.request.UUID, *d.before)
	})
}

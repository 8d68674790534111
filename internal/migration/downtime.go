package migration

import "context"

// downtime makes the policy's longest pause hold for one job. libvirt has no
// migration parameter for it, only a setting of the QEMU process.
//
// It is set before the job starts, so that it holds from the first moment, and
// put back when the VM stays. Where that is refused, it is set on the running
// job as soon as that is seen; libvirt then puts it back by itself when the job
// fails.
type downtime struct {
	request Request
	// pending is a value, in milliseconds, that still has to be set on the
	// running job; before is what has to be put back.
	pending, before *uint64
	// failed is why the value could not be set; nil when it was.
	failed error
	told   bool
}

// prepare sets the policy's value before the start.
func (d *downtime) prepare(ctx context.Context) {
	if d.request.Policy.MaxDowntimeMS == nil {
		return
	}
	wanted := uint64(*d.request.Policy.MaxDowntimeMS)
	source, uuid := d.request.Source, d.request.UUID
	before, err := ask(ctx, callDeadline, func(ctx context.Context) (uint64, error) { return source.MaxDowntime(ctx, uuid) })
	if err == nil && before == wanted {
		return
	}
	if err == nil {
		// Noted before it is known to be set: an answer can get lost.
		d.before = &before
		err = order(ctx, lockDeadline, func(ctx context.Context) error { return source.SetMaxDowntime(ctx, uuid, wanted) })
	}
	if err != nil {
		d.pending, d.failed = &wanted, err
	}
}

// due tells whether the value is to be set on the running job.
func (d *downtime) due() bool { return d != nil && d.pending != nil }

// answered takes what came of setting it.
func (d *downtime) answered(err error, tell *narrator) {
	d.failed = err
	if err == nil {
		d.pending = nil
	} else if !d.told {
		d.told = true
		tell.say("max_downtime_ms " + notDone(err, "set") + " yet: " + err.Error())
	}
}

// restore puts back what held before, for a VM that stayed.
func (d *downtime) restore(ctx context.Context) error {
	if d == nil || d.before == nil {
		return nil
	}
	return order(ctx, lockDeadline, func(ctx context.Context) error {
		return d.request.Source.SetMaxDowntime(ctx, d.request.UUID, *d.before)
	})
}

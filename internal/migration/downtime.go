package migration

import (
	"context"
	"errors"
	"time"
)

// downtime applies the policy's max_downtime_ms to one job. libvirt has no migration
// parameter for it, only a setting of the QEMU process.
//
// It is set before the job starts, and restored when the VM stays. Where libvirt
// refuses it, it is set on the running job as soon as that is seen; libvirt then
// restores it by itself when the job fails.
type downtime struct {
	request Request
	// pending is a value, in milliseconds, that still has to be set on the
	// running job; before is what has to be put back.
	pending, before *uint64
	// failed is why the value could not be set; nil when it was.
	failed error
	told   bool
	// underWay is true while it is being set on the running job.
	underWay bool
	// next is when it may be tried again, wait the time between the last two tries.
	next time.Time
	wait time.Duration
}

// prepare sets the policy's value before the start.
func (d *downtime) prepare(ctx context.Context) {
	if d.request.Policy.MaxDowntimeMS == nil {
		return
	}
	wanted := uint64(*d.request.Policy.MaxDowntimeMS)
	source, uuid := d.request.Source, d.request.UUID
	before, err := ask(ctx, callDeadline, func(ctx context.Context) (uint64, error) {
		return source.MaxDowntime(ctx, uuid)
	})
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

// due tells whether the value is to be set on the running job now.
func (d *downtime) due() bool {
	return d != nil && d.pending != nil && !d.underWay && !time.Now().Before(d.next)
}

// begin notes that the value is being set, and returns it.
func (d *downtime) begin() uint64 {
	d.underWay = true
	return *d.pending
}

// answered takes the answer. What libvirt refuses for good is not tried again, and
// anything else less and less often: each call may wait for libvirt's lock of the
// domain.
func (d *downtime) answered(err error, report *reporter) {
	d.underWay, d.failed = false, err
	switch {
	case err == nil:
		d.pending = nil
	case refusedForGood(err):
		d.pending = nil
		report.say(Notice{Kind: NoticeDowntimeNever, Err: err})
	default:
		d.wait = min(max(2*d.wait, downtimeWait), downtimeMaxWait)
		d.next = time.Now().Add(d.wait)
		if !d.told {
			d.told = true
			report.say(Notice{Kind: NoticeDowntimeLater, Err: err})
		}
	}
}

// refusedForGood tells whether a host would give the same answer again.
func refusedForGood(err error) bool {
	return errors.Is(err, ErrDenied) || errors.Is(err, ErrUnsupported)
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

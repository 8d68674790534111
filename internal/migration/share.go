package migration

import (
	"context"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// shareOrders is how a running migration is held to its share of a budget
// (virDomainMigrateSetMaxSpeed), in MiB/s.
type shareOrders struct {
	// wanted is the share; 0 without a budget. ordered is what libvirt was last told to hold the
	// migration to, and set what it does; 0 where that is not known.
	wanted, ordered, set int64
	// copies is true for a migration that copies disks, which keep the limit that they began with.
	copies bool
	// refused is true once libvirt would give the same answer again; failed is the last answer.
	refused bool
	failed  error
	// next is when it may be ordered again, wait the time between the last two orders.
	next time.Time
	wait time.Duration
	// seen is when it was last seen how much had been sent, which was sent bytes, and sends what it
	// was sending then, in MiB/s.
	seen  time.Time
	sent  uint64
	sends int64
}

// newShareOrders is a migration that starts with a share.
func newShareOrders(r Request) shareOrders {
	s := shareOrders{wanted: r.Share, set: r.Share}
	if r.Storage != nil {
		s.copies, s.set = true, r.mirrorLimit()
	}
	return s
}

// answered takes libvirt's answer to an order. What libvirt refuses for good is not ordered again,
// and anything else less and less often.
func (s *shareOrders) answered(now time.Time, err error) {
	s.failed = err
	switch {
	case err == nil:
		s.set, s.wait, s.next = s.ordered, 0, time.Time{}
	case refusedForGood(err):
		s.refused = true
	default:
		s.wait = min(max(2*s.wait, shareWait), shareMaxWait)
		s.next = now.Add(s.wait)
	}
}

// observe takes what the migration has sent, in bytes. Two readings shortly after each other tell no rate.
func (s *shareOrders) observe(now time.Time, sent uint64) {
	span := now.Sub(s.seen)
	if span < shareSpan {
		return
	}
	s.sends = 0
	if !s.seen.IsZero() && sent > s.sent {
		s.sends = int64(float64(sent-s.sent) / span.Seconds() / mib)
	}
	s.seen, s.sent = now, sent
}

// shareDue tells whether the migration is to be held to another share.
func (f facts) shareDue() bool {
	s := f.share
	return s.wanted > 0 && s.wanted != s.set && !s.refused && f.source.running && !f.connecting() &&
		!f.underWay(orderShare) && !f.now.Before(s.next)
}

func (f facts) shareRefused() bool { return f.share.refused }

// hold is what the migration is held to. An order whose answer is not there, or was lost, may hold.
func (m machine) hold() Hold {
	s := m.facts.share
	limit := s.set
	if s.failed != nil && Lost(s.failed) || m.facts.underWay(orderShare) {
		limit = max(limit, s.ordered)
	}
	h := Hold{
		Limit: limit, Fixed: s.refused || s.copies && m.state.in(starting|mirroring), PostCopy: m.facts.decided.postCopy,
	}
	if h.PostCopy && s.sends > limit {
		h.Sends = s.sends
	}
	return h
}

// mirrorLimit is the share of each disk that is copied: each has a limit of its own, of the same size.
func (r Request) mirrorLimit() int64 { return max(r.Share/int64(len(r.Storage.Targets())), 1) }

// speeds are what libvirt is told to hold a migration to its share, before the switch to post-copy
// and after it.
func speeds(share int64, p policy.Effective) (before, after int64) {
	sends := onConnections(p.ParallelConnections())
	before = sends.within(share)
	if limit := p.PostCopyBandwidthMiBPerSecond; limit != nil && *limit > 0 {
		return before, min(before, *limit)
	}
	return before, before
}

// pulse is how QEMU keeps a limit, on all connections together: ten times a second it begins to send,
// and stops once it has counted as much as the limit allows. So it sends a whole number of packets.
type pulse struct {
	// packets is the size of one that is sent ten times a second, in KiB/s. beyond is how many are
	// sent beyond those that the limit has room for, as measured (QEMU 10.0).
	packets, beyond int64
}

// onConnections is how QEMU sends on so many parallel connections; 0 is off.
func onConnections(parallel int64) pulse {
	if parallel == 0 {
		return pulse{packets: 1280, beyond: 1} // 32 pages with their headers at a time
	}
	// A packet is 512 KiB (multifd). It counts once it is sent, and each connection may be sending one.
	return pulse{packets: 5120, beyond: max(parallel, 3)}
}

// within is the largest limit, in MiB/s, by which QEMU sends no more than a share, or the least that
// libvirt knows.
func (p pulse) within(share int64) int64 {
	room := share * 1024 / p.packets
	return max(((room-p.beyond+1)*p.packets-1)/1024, 1)
}

// share takes the share of now, and returns what is closed when that changes; nil without a budget.
func (w *watch) share() (changed <-chan struct{}) {
	if w.request.Budget != nil {
		w.machine.facts.share.wanted, changed = w.request.Budget.Share()
	}
	return changed
}

// informBudget tells the budget what the migration is held to.
func (w *watch) informBudget() {
	if hold := w.machine.hold(); w.request.Budget != nil && hold != w.hold {
		w.hold = hold
		w.request.Budget.Inform(hold)
	}
}

// holdToShare is the order to hold the migration to its share, also once it may be in post-copy.
func (w *watch) holdToShare() func(context.Context) error {
	source, uuid, share := w.request.Source, w.request.UUID, w.machine.facts.share.ordered
	before, after := speeds(share, w.request.Policy)
	switched := w.machine.facts.decided.postCopy
	return func(ctx context.Context) error {
		if switched {
			return source.SetMaxPostCopySpeed(ctx, uuid, after)
		}
		if err := source.SetMaxSpeed(ctx, uuid, before); err != nil || !w.request.Policy.PostCopy() {
			return err
		}
		return source.SetMaxPostCopySpeed(ctx, uuid, after)
	}
}

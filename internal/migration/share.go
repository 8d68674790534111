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
}

// newShareOrders is a migration that starts with a share.
func newShareOrders(r Request) shareOrders {
	return shareOrders{wanted: r.Share, set: r.startLimit(), copies: r.Storage != nil}
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
	return Hold{
		Limit: limit, Fixed: s.refused || s.copies && m.state.in(starting|mirroring), PostCopy: m.facts.decided.postCopy,
	}
}

// startLimit is what libvirt is told to start with: the share, divided among disks that are copied,
// because each of them has a limit of its own.
func (r Request) startLimit() int64 {
	return max(r.Share/int64(max(len(r.Storage.Targets()), 1)), min(r.Share, 1))
}

// afterSwitch is the limit in post-copy of a migration that has a share.
func afterSwitch(share int64, p policy.Effective) int64 {
	if limit := p.PostCopyBandwidthMiBPerSecond; limit != nil && *limit > 0 {
		return min(share, *limit)
	}
	return share
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
	later, switched := afterSwitch(share, w.request.Policy), w.machine.facts.decided.postCopy
	return func(ctx context.Context) error {
		if switched {
			return source.SetMaxPostCopySpeed(ctx, uuid, later)
		}
		if err := source.SetMaxSpeed(ctx, uuid, share); err != nil || !w.request.Policy.PostCopy() {
			return err
		}
		return source.SetMaxPostCopySpeed(ctx, uuid, later)
	}
}

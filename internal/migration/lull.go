package migration

import (
	"cmp"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// lullDetector tells when on_timeout's action costs the guest least. What a pass leaves is
// what a paused guest waits for, or fetches in post-copy, and a guest that writes now more,
// now less leaves little only now and then.
type lullDetector struct {
	passes []passEnd
	// since is the first boundary of all.
	since time.Time
}

// passEnd is the boundary of a pass, and what remained then in bytes.
type passEnd struct {
	at        time.Time
	remaining uint64
}

const (
	// lullPatience is how long a lull is waited for, and over what time passes are compared:
	// KubeVirt's stallProgressTimeout (VEP 248).
	lullPatience = 40 * time.Second
	// lullShare is from where on two passes leave the same: there is no lull to wait for.
	lullShare = progressShare
	// lullPasses are the fewest that can be compared. Over lullSpan passes tell what a guest does: before that, that all
	// leave the same says nothing, and only a pass that leaves no more than clearShare of the most is a lull.
	lullPasses = 2
	lullSpan   = 10 * time.Second
	clearShare = 0.5
)

// observe notes a boundary, and forgets those that are too old to be compared.
func (l *lullDetector) observe(now time.Time, remaining uint64) {
	if l.since.IsZero() {
		l.since = now
	}
	l.passes = append(slices.Clone(l.passes), passEnd{now, remaining})
	l.passes = slices.DeleteFunc(l.passes, func(b passEnd) bool { return now.Sub(b.at) > lullPatience })
}

// act tells whether to act now, after a wait. It is so at the boundary of a pass that leaves
// about the least of all; what counts as that rises with the wait, up to the most of all. In
// the middle of a pass nobody knows what the guest has dirtied since it began.
func (l lullDetector) act(now time.Time, waited time.Duration) bool {
	if waited >= lullPatience || len(l.passes) < lullPasses {
		return true
	}
	remaining := func(a, b passEnd) int { return cmp.Compare(a.remaining, b.remaining) }
	least := float64(slices.MinFunc(l.passes, remaining).remaining)
	most := float64(slices.MaxFunc(l.passes, remaining).remaining)
	known := now.Sub(l.since) >= lullSpan
	if least >= lullShare*most {
		return known
	}
	last := l.passes[len(l.passes)-1]
	enough := least/lullShare + max(0, most-least/lullShare)*float64(waited)/float64(lullPatience)
	if !known {
		enough = min(enough, clearShare*most)
	}
	return now.Sub(last.at) < eagerInterval && float64(last.remaining) <= enough
}

// lull tells whether it is time for on_timeout's action.
func (f facts) lull() bool {
	var waited time.Duration
	if !f.decided.waiting.IsZero() {
		waited = f.since(f.decided.waiting)
	}
	return f.lulls.act(f.now, waited)
}

// actionDue tells whether on_timeout is to be applied, and can be.
func (f facts) actionDue() bool {
	return f.limitReached() && f.hindrance() == unhindered && f.limits.OnTimeout() != policy.Abort
}

// abortWanted tells whether a limit ends the migration: nothing else is to be tried.
func (f facts) abortWanted() bool { return f.limitReached() && !f.actionDue() }

func (f facts) pauseWanted() bool {
	return f.actionDue() && f.limits.OnTimeout() == policy.Pause && f.lull()
}

func (f facts) switchWanted() bool {
	return f.actionDue() && f.limits.OnTimeout() == policy.SwitchToPostCopy && f.lull()
}

// waitWanted tells whether a wait for a lull begins.
func (f facts) waitWanted() bool { return f.actionDue() && f.decided.waiting.IsZero() }

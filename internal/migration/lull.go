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
	// lullPatience is how long a lull is waited for at most, and over what time passes are compared:
	// KubeVirt's stallProgressTimeout (VEP 248).
	lullPatience = 40 * time.Second
	// lullShare is from where on what two passes leave is about the same: those of steady guests differ by up to a sixth.
	lullShare = 0.75
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

// act tells whether to act now, after a wait. A guest that has shown no lull is not waited for: it is steady, or writes
// more and more. Else it is so at the boundary of a pass that leaves about the least of all; what counts as that rises
// with the wait, up to the most of all. In the middle of a pass nobody knows what the guest has dirtied since it began.
func (l lullDetector) act(now time.Time, waited time.Duration) bool {
	if waited >= lullPatience || len(l.passes) < lullPasses {
		return true
	}
	known, patience := now.Sub(l.since) >= lullSpan, l.patience()
	if known && waited >= patience {
		return true
	}
	remaining := func(a, b passEnd) int { return cmp.Compare(a.remaining, b.remaining) }
	least := float64(slices.MinFunc(l.passes, remaining).remaining) / lullShare
	most := float64(slices.MaxFunc(l.passes, remaining).remaining)
	enough := min(least, clearShare*most)
	if known {
		enough = least + max(0, most-least)*float64(waited)/float64(patience)
	}
	last := l.passes[len(l.passes)-1]
	return now.Sub(last.at) < eagerInterval && float64(last.remaining) <= enough
}

// patience is how long a lull is waited for: as large a share of lullPatience as the deepest one spares of a pause.
func (l lullDetector) patience() time.Duration {
	left := l.deepest()
	if left >= lullShare {
		return 0
	}
	return time.Duration((1 - left) * float64(lullPatience))
}

// deepest is the least that a pass has left, as a share of what one before it left.
func (l lullDetector) deepest() float64 {
	share, most := 1.0, uint64(0)
	for _, pass := range l.passes {
		most = max(most, pass.remaining)
		share = min(share, float64(pass.remaining)/float64(max(1, most)))
	}
	return share
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

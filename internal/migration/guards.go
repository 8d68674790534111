package migration

import (
	"cmp"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// The guards of the table of transitions: each depends on the facts alone.

// accepted and refused tell of the answer to an order. A lost answer is neither.
func (f facts) accepted() bool { return f.answer == nil }

func (f facts) refused() bool { return f.answer != nil && !Lost(f.answer) }

func (f facts) unanswered() bool { return Lost(f.answer) }

func (f facts) callLost() bool { return f.driver == libvirtAlone }

func (f facts) ordersUnderWay() bool { return f.underWay(orderAbort, orderPause, orderSwitch) }

// jobOver tells whether a job has ended of which only the source can tell.
func (f facts) jobOver() bool {
	vanished := f.source.vanished
	return f.driver != ownCalls && !vanished.IsZero() && (f.figures.seen || f.since(vanished) >= lateStart)
}

// callOutlivesJob tells whether the call that drives the job has not noticed its end.
func (f facts) callOutlivesJob() bool {
	vanished := f.source.vanished
	return f.driver == ownCalls && !f.connecting() && !vanished.IsZero() && f.figures.seen &&
		f.since(vanished) >= lostCallLimit
}

// sourceLost tells whether the source has been silent for too long.
func (f facts) sourceLost() bool {
	silent := f.since(f.source.heard)
	return silent >= silenceLimit || f.source.arrived && silent >= arrivalLimit
}

func (f facts) arrived() bool { return f.source.arrived }

// graceOver tells whether a job that is being cancelled should have ended by now. While
// libvirt connects it takes no orders, and goes on with the migration once it is connected.
func (f facts) graceOver() bool { return !f.connecting() && f.cancellingFor() >= f.grace() }

// lingers tells whether a job that is being cancelled takes longer than any without disks.
func (f facts) lingers() bool { return !f.connecting() && f.cancellingFor() >= cleanupGrace }

// cancellingFor is how long libvirt has had to end the job; 0 where it was not to.
func (f facts) cancellingFor() time.Duration {
	entered := f.entered[cancelling.index()]
	if entered.IsZero() {
		return 0
	}
	return f.sinceConnected(entered)
}

// connecting tells whether libvirt connects to the destination, and takes no orders.
func (f facts) connecting() bool { return !f.source.connecting.IsZero() && f.source.connected.IsZero() }

// connectOverdue tells whether libvirt has connected for longer than can be.
func (f facts) connectOverdue() bool {
	return f.connecting() && f.since(f.source.connecting) >= connectLimit
}

// connectFor is how long libvirt connected; 0 where it was not seen to.
func (f facts) connectFor() time.Duration {
	if s := f.source; !f.connecting() {
		return s.connected.Sub(s.connecting)
	}
	return f.since(f.source.connecting)
}

// sinceConnected is the time since a moment, or since libvirt was connected, or could speak to
// QEMU again, if that came later.
func (f facts) sinceConnected(t time.Time) time.Duration {
	for _, later := range []time.Time{f.source.connected, f.source.unstuck} {
		if later.After(t) {
			t = later
		}
	}
	return f.since(t)
}

func (f facts) inPostCopy() bool { return f.decided.postCopy }

func (f facts) memorySent() bool { return f.figures.begun }

func (f facts) diskSent() bool { return f.figures.mirrored }

// mirrors tells whether disks are copied, and no memory has been sent.
func (f facts) mirrors() bool { return f.figures.mirrored && !f.figures.begun }

func (f facts) limitReached() bool { return f.limit() != none }

// late tells whether the job should have sent something by now. The steps of a direct
// one before that have limits of their own.
func (f facts) late() bool {
	return !f.called.IsZero() && !f.figures.begun && !f.connecting() && f.sinceConnected(f.called) >= startLimit
}

// receptionInDoubt tells whether to ask if the destination holds the incoming domain. In
// a peer-to-peer migration that tells whether the destination was prepared; later, whether
// the start is slow there, for example for its storage, and not hung.
func (f facts) receptionInDoubt() bool {
	beginning := f.mode == PeerToPeer && !f.called.IsZero() && !f.prepared
	return (beginning || f.late()) && f.due(askDestination)
}

func (f facts) nothingReceived() bool { return f.late() && f.unreceived }

func (f facts) pauseOverdue() bool { return f.since(f.entered[pausing.index()]) >= pauseGrace }

// pauseDue tells whether the guest is to be paused (again): an order whose answer was
// lost does no harm when it is given again. A host that is silent is not asked.
func (f facts) pauseDue() bool { return !f.source.silent && f.due(orderPause) }

// switchDue tells whether the switch to post-copy is to be ordered (again).
func (f facts) switchDue() bool { return f.due(orderSwitch) && !f.underWay(askSource) }

// switchOverdue tells whether the switch should have been made by now.
func (f facts) switchOverdue() bool { return f.since(f.entered[switching.index()]) >= switchGrace }

// switchNotMade tells whether the source has said that an overdue switch was not made.
// Where it does not answer, it is asked again after the next order.
func (f facts) switchNotMade() bool {
	return f.switchOverdue() && !f.decided.postCopy && (f.answer == nil || errors.Is(f.answer, ErrNoDomain))
}

// abortDue tells whether the job is to be aborted (again, until libvirt has taken the
// order): never before it is seen to be this migration's, and not while it may be in
// post-copy, which it would lose.
func (f facts) abortDue() bool {
	return f.source.running && !f.connecting() && !f.decided.aborted && f.due(orderAbort) &&
		!f.underWay(orderSwitch, askSource)
}

// postCopyInDoubt tells whether an order to abort was refused by a job that may be in
// post-copy.
func (f facts) postCopyInDoubt() bool { return errors.Is(f.answer, ErrNotActive) && f.figures.begun }

// What the guards rest on.

// since is how long ago something happened.
func (f facts) since(t time.Time) time.Duration { return f.now.Sub(t) }

// elapsed is how long the migration has lasted.
func (f facts) elapsed() time.Duration { return f.since(f.start) }

// underWay tells whether one of some calls is being made.
func (f facts) underWay(orders ...effectKind) bool {
	for _, order := range orders {
		if f.orders[order].underWay {
			return true
		}
	}
	return false
}

// due tells whether a call may be made again.
func (f facts) due(order effectKind) bool {
	return !f.underWay(order) && f.since(f.orders[order].made) >= f.interval()
}

// interval is how often the job is read and time is looked at: closely at the
// beginning, while a lull is waited for or a schedule is climbed, and once the migration is being cancelled.
func (f facts) interval() time.Duration {
	if f.decided.verdict != none || f.elapsed() < eagerPeriod || !f.decided.waiting.IsZero() || f.ladder.climbs() {
		return eagerInterval
	}
	return pollInterval
}

// limit is the limit of the policy that is reached; none if there is none.
func (f facts) limit() verdict {
	switch {
	case f.limits.Timeout() > 0 && f.elapsed() >= f.limits.Timeout():
		return outOfTime
	case f.limits.StallTimeout() > 0 && f.idle >= f.limits.StallTimeout():
		return linkStalled
	case f.overThrottled():
		return overThrottled
	case f.hopeless && f.mirrors():
		return mirrorStalled
	case f.hopeless:
		return stalled
	}
	return none
}

// overThrottled tells whether the guest is throttled by more than the policy lets it bear.
func (f facts) overThrottled() bool {
	most := f.limits.MaxThrottlePercent
	return f.limits.AutoConverge() && most != nil && f.figures.throttle > *most
}

// hindrance is why the policy's on_timeout is not tried. A guest that was paused or
// asleep has nothing to be paused or switched for. While disks are copied QEMU has no migration
// that could be switched, and a guest that is paused would stay so for all of its memory. Over a link that may be dead
// the switch to post-copy would lose the VM.
func (f facts) hindrance() hindrance {
	switch {
	case f.limits.OnTimeout() == policy.Abort:
		return unhindered
	case !f.ranBefore:
		return guestPaused
	case f.asleep:
		return guestAsleep
	case f.mirrors():
		return disksUnready
	case !f.figures.begun:
		return nothingSent
	case f.limit() == linkStalled || f.idle >= idleLink:
		return linkIdle
	}
	return unhindered
}

// notAborted is why libvirt was not told to end the job; nil when it was, or is being
// told.
func (f facts) notAborted() error {
	switch {
	case f.decided.aborted:
		return nil
	case f.connecting():
		return errHeld
	case !f.source.running:
		return cmp.Or(f.source.unread, errNoJob)
	}
	return f.decided.abortError
}

// grace is how long a job that is being cancelled may take to end.
func (f facts) grace() time.Duration {
	mirrored := f.figures.mirrored && !f.decided.cancelled // whoever asks for the end does not wait for so long
	switch {
	case mirrored && !f.source.stuck.IsZero():
		return mirrorGrace
	case mirrored && Lost(f.notAborted()):
		return cleanupGrace // QEMU may be stuck, which is seen later
	case f.decided.aborted && !f.figures.begun && !f.figures.mirrored, Lost(f.notAborted()):
		return cancelGrace
	case f.mode == Direct && f.driver == ownCalls && f.called.IsZero():
		return cancelGrace // nothing was sent; only a step has to end
	case mirrored:
		return mirrorGrace
	}
	return cleanupGrace
}

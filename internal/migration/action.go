package migration

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// verdict is why the engine ends a migration.
type verdict int

const (
	none verdict = iota
	byCaller
	outOfTime
	stalled
	linkStalled
	neverStarted
	deserted
)

// action is what a watch has done about its job.
type action struct {
	// verdict is why the job was called off; none while it may go on.
	verdict verdict
	// reason is why on_timeout was applied; none while it was not.
	reason verdict
	// called is when the job was called off, taken whether libvirt took the
	// order, and orderError why not.
	called     time.Time
	taken      bool
	orderError error
	// pausing is since when the guest is to be paused by on_timeout, paused whether
	// libvirt said that it was. switching and postCopy are the same of the switch to
	// post-copy. stepError is why one of the two could not be done, untried why it
	// was not even tried.
	pausing, switching time.Time
	paused, postCopy   bool
	stepError          error
	untried            Attempt
	// limit is the limit of the policy that was reached, for reason.
	limit time.Duration

	linkTold bool
	// cancelled is true when the caller asked for the end of the migration.
	cancelled bool
}

// act does what the job's state asks for now.
func (w *watch) act() {
	switch {
	case w.committed(), w.ahead:
	case w.verdict != none:
		w.callOff()
	case w.postCopy:
		w.tellIdleLink()
	case !w.switching.IsZero():
		w.switchToPostCopy()
	case w.calls != nil && w.calls.deserted.Load():
		w.end(deserted, desertedLimit)
	case !w.pausing.IsZero():
		w.awaitPaused()
	default:
		w.judge()
	}
}

// judge applies the limits of the policy.
func (w *watch) judge() {
	limits := w.request.Policy
	elapsed := time.Since(w.start)
	switch {
	case limits.Timeout > 0 && elapsed >= limits.Timeout:
		w.escalate(outOfTime, limits.Timeout)
	case w.hopeless:
		w.escalate(stalled, limits.StallTimeout)
	case limits.StallTimeout > 0 && w.idle >= limits.StallTimeout:
		w.escalate(linkStalled, limits.StallTimeout)
	case !w.figures.begun && w.late():
		w.lookForHalf()
		if !w.unreceived {
			return
		}
		w.end(neverStarted, startLimit)
	}
}

// late tells whether the job should have sent something by now. Before a direct
// one may begin, the steps have limits of their own.
func (w *watch) late() bool {
	asked := w.asked()
	return asked != nil && time.Since(*asked) >= startLimit
}

// lookForHalf asks whether the destination holds the receiving half: then the
// start is slow there, for example for its storage, and not hung.
func (w *watch) lookForHalf() {
	w.send(lookAtDestination, w.interval(), func(ctx context.Context, a *answer) {
		a.domain, a.err = ask(ctx, lookDeadline, func(ctx context.Context) (Domain, error) {
			return w.request.Destination.Domain(ctx, w.request.UUID)
		})
	})
}

// escalate applies on_timeout. A guest that was paused or asleep has nothing to be
// paused or switched for, and over a link that may be dead the switch to
// post-copy would lose the VM: then the job is called off.
func (w *watch) escalate(reason verdict, after time.Duration) {
	w.reason, w.limit = reason, after
	onTimeout := w.request.Policy.OnTimeout
	if onTimeout == policy.Abort {
		w.end(reason, after)
		return
	}
	switch {
	case !w.ranBefore:
		w.untried.Skipped = SkippedPaused
	case w.asleep:
		w.untried.Skipped = SkippedAsleep
	case !w.figures.begun:
		w.untried.Skipped = SkippedNoMemory
	case reason == linkStalled || w.idle >= idleLink:
		w.untried = Attempt{Skipped: SkippedIdleLink, Idle: w.idle}
	case onTimeout == policy.SwitchToPostCopy:
		w.switching = time.Now()
		w.tell.say(Notice{Kind: NoticeSwitching, Cause: reason.cause(), For: after})
		w.switchToPostCopy()
		return
	default:
		w.pausing = time.Now()
		w.tell.say(Notice{Kind: NoticePausing, Cause: reason.cause(), For: after})
		w.pause()
		return
	}
	w.end(reason, after)
}

// pause asks for the guest to be paused, until libvirt has said that it was: an
// order whose answer was lost does no harm when it is given again. A host that is
// silent is not asked.
func (w *watch) pause() {
	w.send(suspendGuest, w.interval(), func(ctx context.Context, a *answer) {
		a.err = order(ctx, callDeadline, func(ctx context.Context) error { return w.request.Source.Suspend(ctx, w.request.UUID) })
	})
}

func (w *watch) suspendAnswered(err error) {
	switch {
	case err == nil && w.verdict != none:
		w.paused = true
	case err == nil:
		w.paused = true
		w.tell.enter(PhasePaused, Notice{Kind: NoticePaused})
	case w.verdict != none: // the migration is being called off already
	case !lost(err):
		w.stepError = err
		w.end(w.reason, w.limit)
	case w.stepError == nil:
		w.stepError = err
		w.tell.say(Notice{Kind: NoticePauseUnanswered, Err: err})
	}
}

// awaitPaused ends a migration that pausing the guest did not end.
func (w *watch) awaitPaused() {
	switch {
	case time.Since(w.pausing) < pauseGrace:
		if !w.paused && !w.silenceTold {
			w.pause()
		}
	default:
		w.end(w.reason, w.limit)
	}
}

// switchToPostCopy asks for the switch until it is taken. An answer that was
// lost may have been a yes, and post-copy must never be called off: whether it
// began is looked up before anything else is done.
func (w *watch) switchToPostCopy() {
	if w.underWay(lookAtSource) {
		return
	}
	w.send(startPostCopy, w.interval(), func(ctx context.Context, a *answer) {
		a.err = order(ctx, callDeadline, func(ctx context.Context) error { return w.request.Source.StartPostCopy(ctx, w.request.UUID) })
	})
}

func (w *watch) switchAnswered(err error) {
	switch {
	case err == nil:
		w.postCopyBegan(NoticeSwitched)
	case w.switchOverdue(), w.verdict != none && lost(err):
		w.stepError = err
		w.lookForPostCopy()
	}
}

// switchOverdue tells whether the switch to post-copy should have been taken by
// now.
func (w *watch) switchOverdue() bool {
	return !w.switching.IsZero() && !w.postCopy && w.verdict == none && time.Since(w.switching) >= switchGrace
}

// lookForPostCopy asks whether the migration is in post-copy.
func (w *watch) lookForPostCopy() {
	w.send(lookAtSource, 0, func(ctx context.Context, a *answer) {
		a.domain, a.err = ask(ctx, callDeadline, func(ctx context.Context) (Domain, error) { return w.request.Source.Domain(ctx, w.request.UUID) })
	})
}

// sourceSeen takes what the source does. Where it does not answer, it is asked
// again after the next order.
func (w *watch) sourceSeen(seen Domain, err error) {
	switch {
	case err == nil && (seen.State == StatePostCopySource || seen.State == StatePostCopyFailed):
		w.postCopyBegan(NoticePostCopy)
	case (err == nil || errors.Is(err, ErrNoDomain)) && w.switchOverdue():
		w.end(w.reason, w.limit)
	}
}

// postCopyBegan notes that the migration can no longer be called off, also
// where that had been asked for.
func (w *watch) postCopyBegan(kind NoticeKind) {
	if w.postCopy {
		return
	}
	w.postCopy = true
	if w.calls != nil {
		w.calls.postCopy.Store(true)
	}
	kept := w.verdict != none
	w.verdict = none
	w.tell.enter(PhasePostCopy, Notice{Kind: kind, Kept: kept})
}

func (w *watch) tellIdleLink() {
	if w.idle < idleLink {
		w.linkTold = false
	} else if !w.linkTold {
		w.linkTold = true
		w.tell.say(Notice{Kind: NoticeIdleLink, For: w.idle})
	}
}

// cancelByCaller does what the caller asks for, as far as it is still possible.
func (w *watch) cancelByCaller() {
	w.cancelled = true
	switch {
	case w.committed():
		w.tell.say(Notice{Kind: NoticeTooLate})
	case w.postCopy:
		w.tell.say(Notice{Kind: NoticeUncancellable})
	case w.verdict == none:
		w.end(byCaller, 0)
	}
}

// end decides that the migration is to end.
func (w *watch) end(v verdict, after time.Duration) {
	w.verdict, w.called = v, time.Now()
	if w.calls != nil {
		w.calls.halt()
	}
	w.tell.enter(PhaseCancelling, Notice{Kind: NoticeCancelling, Cause: v.cause(), For: after, Attempt: w.attempt(w.request.Policy.OnTimeout)})
	w.callOff()
}

// callOff tells libvirt to end the job, again and again until it is taken: the
// decision may come before libvirt has begun the job. Until that is seen it gives
// no order, which could hit the job of somebody else. A call that waits for such
// a job ends by itself after 30 s, or begins one that can be ended.
func (w *watch) callOff() {
	if w.taken {
		return
	}
	if !w.running {
		w.orderError = cmp.Or(w.unread, errNoJob)
		return
	}
	if w.underWay(startPostCopy, lookAtSource) {
		return // whether it can still be called off is about to be known
	}
	w.send(abortJob, w.interval(), func(ctx context.Context, a *answer) {
		a.err = order(ctx, callDeadline, func(ctx context.Context) error { return w.request.Source.AbortJob(ctx, w.request.UUID) })
	})
}

func (w *watch) abortAnswered(err error) {
	w.taken, w.orderError = err == nil, err
	if errors.Is(err, ErrNotActive) && w.figures.begun {
		w.lookForPostCopy() // asked again with the next order
	}
}

// grace is how long a job that was called off may take to end.
func (w *watch) grace() time.Duration {
	switch {
	case w.taken && !w.figures.begun, !w.taken && lost(w.orderError):
		return cancelGrace
	case w.mode == Direct && w.calls != nil && w.calls.performing.Load() == nil:
		return cancelGrace // nothing was sent; only a step has to be given up
	}
	return cleanupGrace
}

package migration

import (
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// phases is the order in which a move goes through them.
var phases = []Phase{PhaseStarting, PhasePreCopy, PhasePaused, PhasePostCopy, PhaseCancelling, PhaseVerifying}

// reporter tells the caller how a move goes on. All that is told is here; the rest of
// the engine says what happened by values. It is used by one goroutine.
type reporter struct {
	source, destination string
	report              func(Progress)
	start               time.Time
	now                 Progress
	told                time.Time
	// pauseUnanswered and linkIdle are true once that was told.
	pauseUnanswered, linkIdle bool
}

func newReporter(source, destination string, report func(Progress)) *reporter {
	if report == nil {
		report = func(Progress) {}
	}
	return &reporter{source: source, destination: destination, report: report, start: time.Now(), now: Progress{Phase: PhaseStarting}}
}

// enter goes on to a phase, never back, and says why.
func (r *reporter) enter(phase Phase, format string, args ...any) {
	if slices.Index(phases, phase) > slices.Index(phases, r.now.Phase) {
		r.now.Phase = phase
	}
	r.say(format, args...)
}

// say tells what has just happened.
func (r *reporter) say(format string, args ...any) {
	r.now.Message = fmt.Sprintf(format, args...)
	r.emit()
	r.now.Message = ""
}

func (r *reporter) emit() {
	r.told = time.Now()
	r.now.Elapsed = r.told.Sub(r.start)
	r.report(r.now)
}

// reading takes what the running job says, and tells it when that is due.
func (r *reporter) reading(job Job, t trend) {
	r.now.reading(job, t)
	if r.now.Phase == PhaseStarting {
		r.enter(PhasePreCopy, "sending memory")
		return
	}
	if time.Since(r.told) >= reportInterval {
		r.emit()
	}
}

// of tells what an effect of the machine has to be told for, given the facts after it.
func (r *reporter) of(e effect, f facts) {
	switch e.kind {
	case tellReading:
		r.reading(f.figures.last, f.stall.trend)
	case tellSilence:
		r.say("%s does not answer; a migration that has begun goes on there", r.source)
	case tellAnswersAgain:
		r.say("%s answers again", r.source)
	case tellOtherJob:
		r.say("another job runs on the VM on %s: this migration does not begin before that has ended", r.source)
	case tellCallLost:
		r.say("lost the call that started the migration (%s); if that had begun, it goes on without it", f.lostCall)
	case tellPausing:
		r.say("%s: pausing the guest", r.limit(f))
	case tellPaused:
		r.enter(PhasePaused, "paused the guest, so that it dirties no more memory")
	case tellPauseUnanswered:
		if !r.pauseUnanswered {
			r.pauseUnanswered = true
			r.say("asked libvirt to pause the guest, and it did not answer")
		}
	case tellSwitching:
		r.say("%s: switching to post-copy", r.limit(f))
	case tellSwitched:
		r.postCopy("switched to post-copy: the guest runs on "+r.destination, f.decided.withdrawn)
	case tellPostCopy:
		r.postCopy("the migration is in post-copy", f.decided.withdrawn)
	case tellLink:
		r.link(f.idle)
	case tellTooLate:
		r.tooLate(f)
	case endMigration:
		r.enter(PhaseCancelling, "%s; cancelling the migration", r.cause(e.cause, f))
	case orderAbort, orderPause, orderSwitch, askSource, askDestination, orderCount, noteLimit, withdrawCancel, stopWatching:
	}
}

func (r *reporter) postCopy(message string, withdrawn bool) {
	if withdrawn {
		message += ", which cannot be cancelled without losing the VM; waiting for its end"
	}
	r.enter(PhasePostCopy, "%s", message)
}

// link tells once that the link has become idle in post-copy.
func (r *reporter) link(idle time.Duration) {
	told := r.linkIdle
	r.linkIdle = idle >= idleLink
	if r.linkIdle && !told {
		r.say("no memory has arrived for %s; post-copy cannot be cancelled without losing the VM", idle.Round(time.Second))
	}
}

func (r *reporter) tooLate(f facts) {
	switch {
	case f.returned:
		r.say("too late to cancel: the migration has ended")
	case !f.entered[finishing.index()].IsZero():
		r.say("too late to cancel: the VM is being started on %s", r.destination)
	default:
		r.say("post-copy cannot be cancelled without losing the VM; waiting for its end")
	}
}

// cause says why the migration is being cancelled.
func (r *reporter) cause(c cause, f facts) string {
	switch c {
	case callerAsked:
		return "cancelled"
	case limitReached:
		text := r.limit(f)
		if f.decided.hindrance != unhindered {
			text += fmt.Sprintf("; on_timeout = %q is not tried, because %s", string(f.limits.OnTimeout()), f.untried())
		}
		return text
	case pauseRefused:
		return fmt.Sprintf("the guest could not be paused: %s", f.decided.stepError)
	case pauseUnanswered:
		return fmt.Sprintf("libvirt did not say within %s that it had paused the guest", pauseGrace)
	case pausedInVain:
		return fmt.Sprintf("the memory did not arrive within %s of pausing the guest", pauseGrace)
	case switchNotMade:
		return fmt.Sprintf("the switch to post-copy was not made: %s", f.decided.stepError)
	case nothingReceived:
		return fmt.Sprintf("no memory sent after %s, and %s receives nothing", startLimit, r.destination)
	case destinationLost:
		return fmt.Sprintf("%s has not answered for %s", r.destination, desertedLimit)
	}
	return ""
}

// limit says which limit of the policy was reached.
func (r *reporter) limit(f facts) string {
	timeout, stall := policy.FormatDuration(f.limits.Timeout()), policy.FormatDuration(f.limits.StallTimeout())
	switch f.decided.limit {
	case outOfTime:
		return fmt.Sprintf("not done after %s (timeout)", timeout)
	case stalled:
		return fmt.Sprintf("no progress for %s (stall_timeout)", stall)
	case linkStalled:
		return fmt.Sprintf("no byte sent for %s (stall_timeout)", stall)
	case none, byCaller, neverStarted, deserted:
	}
	return ""
}

// untried says why on_timeout was not tried; empty where it was, or need not be.
func (f facts) untried() string {
	switch f.decided.hindrance {
	case guestPaused:
		return "the guest was paused already"
	case guestAsleep:
		return "the guest was asleep"
	case nothingSent:
		return "no memory had been sent yet"
	case linkIdle:
		return fmt.Sprintf("the link had been idle for %s", f.decided.idle.Round(time.Second))
	case unhindered:
	}
	return ""
}

// What is told beside the watch.

func (r *reporter) warning(text string) { r.say("warning: %s", text) }

// departing tells of the start of a migration, from which time counts.
func (r *reporter) departing(start time.Time, mode Mode) {
	r.start = start
	r.say("from %s to %s, %s", r.source, r.destination, mode)
}

// adopting tells of a migration that is under way since start.
func (r *reporter) adopting(start time.Time, age time.Duration) {
	r.start = start
	r.say("a migration from %s to %s is under way already, for %s: watching it to its end", r.source, r.destination, age.Round(time.Second))
}

// directWithoutPeer and directAfter tell why a migration goes direct: other hosts do
// not reach the destination by configuration, or have tried in vain.
func (r *reporter) directWithoutPeer() {
	r.say("%s cannot be reached by other hosts' libvirt (it has no peer_uri): going direct", r.destination)
}

func (r *reporter) directAfter(err error) {
	r.say("%s cannot reach libvirt on %s (%s): going direct", r.source, r.destination, err)
}

func (r *reporter) verifying() {
	r.enter(PhaseVerifying, "looking at %s and %s", r.source, r.destination)
}

func (r *reporter) downtimeRefused(err error) {
	r.warning("max_downtime_ms could not be set: " + err.Error())
}

func (r *reporter) downtimeDelayed(err error) {
	r.say("max_downtime_ms %s yet: %s", notDone(err, "set"), err)
}

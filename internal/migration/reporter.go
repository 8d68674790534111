package migration

import (
	"slices"
	"time"
)

// phases is the order in which a move goes through them.
var phases = []Phase{
	PhaseStarting, PhaseMirroring, PhasePreCopy, PhasePaused, PhasePostCopy, PhaseCancelling, PhaseVerifying,
}

// reporter tells the caller how a move goes on. It is used by one goroutine.
type reporter struct {
	report func(Progress)
	read   func(Reading)
	start  time.Time
	now    Progress
	told   time.Time
	// pauseUnanswered, linkIdle, connects and lingers are true once that was told.
	pauseUnanswered, linkIdle, connects, lingers bool
}

func newReporter(move Subject, report func(Progress), read func(Reading)) *reporter {
	if report == nil {
		report = func(Progress) {}
	}
	if read == nil {
		read = func(Reading) {}
	}
	return &reporter{report: report, read: read, start: time.Now(), now: Progress{Subject: move, Phase: PhaseStarting}}
}

// enter reports the next phase, and why. Phases never go back.
func (r *reporter) enter(phase Phase, notice Notice) {
	if slices.Index(phases, phase) > slices.Index(phases, r.now.Phase) {
		r.now.Phase = phase
	}
	r.say(notice)
}

// say reports what has just happened.
func (r *reporter) say(notice Notice) {
	r.now.Notice = notice
	r.emit()
	r.now.Notice = Notice{}
}

func (r *reporter) emit() {
	r.told = time.Now()
	r.now.Elapsed = r.told.Sub(r.start)
	r.report(r.now)
}

// begin reports a migration that started at start. The time of the move counts from its own
// start, or from that of a migration that was under way already.
func (r *reporter) begin(start time.Time, notice Notice) {
	if start.Before(r.start) {
		r.start = start
	}
	r.say(notice)
}

// reading takes a reading of the running job, and reports it when that is due.
func (r *reporter) reading(job Job, t trend, mirror MirrorFigures) {
	phase, notice := PhasePreCopy, NoticeSending
	if job.mirrors() {
		phase, notice = PhaseMirroring, NoticeMirroring
	}
	begins := slices.Index(phases, r.now.Phase) < slices.Index(phases, phase)
	if begins {
		r.now.Phase = phase
	}
	r.now.reading(job, t, mirror)
	if begins {
		r.say(Notice{Kind: notice})
	}
	r.read(Reading{Phase: r.now.Phase, Job: job, Share: r.now.Share})
	if time.Since(r.told) >= reportInterval {
		r.emit()
	}
}

// of reports an effect of the machine, given the facts after it.
func (r *reporter) of(e effect, f facts) {
	switch e.kind {
	case tellReading:
		r.now.Share = f.share.wanted
		r.reading(f.figures.latest, f.stall.trend, f.mirror.figures)
	case tellSilence:
		r.say(Notice{Kind: NoticeSilent})
	case tellAnswersAgain:
		r.say(Notice{Kind: NoticeAnswers})
	case tellConnecting:
		r.connecting(f.connectFor())
	case tellOtherJob:
		r.say(Notice{Kind: NoticeQueued})
	case tellCallLost:
		r.say(Notice{Kind: NoticeCallLost, Err: f.lostCall})
	case tellPausing:
		r.say(Notice{
			Kind: NoticePausing, Cause: f.decided.limit.cause(), For: f.limitOf(f.decided.limit),
			Throttle: f.figures.throttle,
		})
	case tellPaused:
		r.enter(PhasePaused, Notice{Kind: NoticePaused})
	case tellPauseUnanswered:
		if !r.pauseUnanswered {
			r.pauseUnanswered = true
			r.say(Notice{Kind: NoticePauseUnanswered, Err: f.decided.stepError})
		}
	case tellSwitching:
		r.say(Notice{
			Kind: NoticeSwitching, Cause: f.decided.limit.cause(), For: f.limitOf(f.decided.limit),
			Throttle: f.figures.throttle,
		})
	case tellSwitched:
		r.enter(PhasePostCopy, Notice{Kind: NoticeSwitched, Kept: f.decided.withdrawn})
	case tellPostCopy:
		r.enter(PhasePostCopy, Notice{Kind: NoticePostCopy, Kept: f.decided.withdrawn})
	case tellLink:
		r.link(f.idle)
	case tellWaiting:
		limit := f.limit()
		r.say(Notice{Kind: NoticeWaiting, Cause: limit.cause(), For: f.limitOf(limit), Throttle: f.figures.throttle})
	case tellLadder:
		r.say(f.ladder.news)
	case tellShareKept:
		r.say(Notice{Kind: NoticeShareKept, Err: f.share.failed})
	case tellTooLate:
		r.say(Notice{Kind: f.tooLate()})
	case tellLingering:
		if !r.lingers {
			r.lingers = true
			r.say(Notice{Kind: NoticeLingering, For: f.cancellingFor()})
		}
	case endMigration:
		r.enter(PhaseCancelling, f.cancelling(e.cause))
	case orderAbort, orderPause, orderSwitch, askSource, askDestination, askGuest, orderDowntime, orderCache, orderShare,
		orderCount,
		noteWaiting, noteLimit, withdrawCancel, stopWatching:
	}
}

// connecting reports that libvirt connects, when that is due.
func (r *reporter) connecting(since time.Duration) {
	if since < reportInterval || r.connects && time.Since(r.told) < reportInterval {
		return
	}
	r.say(Notice{Kind: NoticeConnecting, For: since, Again: r.connects})
	r.connects = true
}

// link reports once that the link has become idle in post-copy.
func (r *reporter) link(idle time.Duration) {
	told := r.linkIdle
	r.linkIdle = idle >= idleLink
	if r.linkIdle && !told {
		r.say(Notice{Kind: NoticeIdleLink, For: idle})
	}
}

// tooLate is why the migration cannot be cancelled any more.
func (f facts) tooLate() NoticeKind {
	switch {
	case f.returned:
		return NoticeOver
	case !f.entered[finishing.index()].IsZero():
		return NoticeTooLate
	default:
		return NoticeUncancellable
	}
}

// cancelling is the decision to end the migration for a cause.
func (f facts) cancelling(c cause) Notice {
	n := Notice{
		Kind: NoticeCancelling, Cause: f.decided.verdict.cause(), For: f.limitOf(f.decided.verdict),
		Throttle: f.figures.throttle, Connecting: f.connecting(),
	}
	switch c {
	case limitReached:
		if f.decided.hindrance != unhindered {
			n.Attempt = Attempt{
				Action: f.limits.OnTimeout(), Result: AttemptSkipped,
				Skipped: f.decided.hindrance.skipped(), Idle: f.decided.idle,
			}
		}
	case pauseRefused, switchNotMade:
		n.Attempt = Attempt{Action: f.limits.OnTimeout(), Result: AttemptRefused, Err: f.decided.stepError}
	case pauseUnanswered:
		n.Attempt = Attempt{Action: f.limits.OnTimeout(), Result: AttemptUnanswered, Err: f.decided.stepError}
	case pausedInVain:
		n.Attempt = Attempt{Action: f.limits.OnTimeout(), Result: AttemptPaused}
	case callerAsked, nothingReceived, destinationLost:
	}
	return n
}

// limitOf is the time that a verdict follows; 0 where it follows none.
func (f facts) limitOf(v verdict) time.Duration {
	switch v {
	case outOfTime:
		return f.limits.Timeout()
	case stalled, linkStalled, mirrorStalled:
		return f.limits.StallTimeout()
	case neverStarted:
		return startLimit
	case deserted:
		return desertedLimit
	case none, byCaller, overThrottled:
	}
	return 0
}

// skipped is the hindrance as callers see it.
func (h hindrance) skipped() Skipped {
	switch h {
	case guestPaused:
		return SkippedPaused
	case guestAsleep:
		return SkippedAsleep
	case nothingSent:
		return SkippedNoMemory
	case linkIdle:
		return SkippedIdleLink
	case disksUnready:
		return SkippedMirroring
	case unhindered:
	}
	return ""
}

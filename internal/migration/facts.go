package migration

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// driver is who carries a migration out, and so who knows its end.
type driver int

const (
	// ownCalls are the runner's: what they return is the end.
	ownCalls driver = iota
	// libvirtAlone goes on with a peer-to-peer migration whose call was lost.
	libvirtAlone
	// anotherClient has started a migration that was adopted.
	anotherClient
)

// facts is what is known of a migration, beside its state. The zero time stands for
// what has not happened.
type facts struct {
	// What does not change: how the migration is made, under which limits, when it
	// started, and whether the guest ran then or was asleep.
	mode              Mode
	limits            policy.Effective
	start             time.Time
	ranBefore, asleep bool

	// now is when the last event happened, answer the error that it came with.
	now    time.Time
	answer error

	driver driver
	// lostCall is why the runner's call was lost.
	lostCall error
	// returned is true once the calls have returned, and result is their error.
	returned bool
	result   error
	// called is when the call was made that begins the job.
	called time.Time

	source sourceFacts
	owner  jobOwner

	figures   figures
	suspended suspension
	stall     stallDetector
	mirror    mirrorDetector
	link      linkDetector
	lulls     lullDetector
	ladder    ladder
	share     shareOrders
	hopeless  bool          // what stall said last, or mirror before it
	idle      time.Duration // what link said last

	// unreceived is true once the destination was seen not to hold the incoming
	// domain, when that was last looked for.
	unreceived bool
	// prepared is true once the destination was seen to hold the domain: then it had
	// been told to prepare for the VM.
	prepared bool

	orders  [orderCount]orderState
	entered [stateCount]time.Time
	decided decisions
}

// sourceFacts is what the source says of its job.
type sourceFacts struct {
	// heard is when it last answered, and vanished since when it has answered that this
	// migration has no job. running is true while its last answer was that there is one,
	// and unread is why it did not answer.
	heard, vanished time.Time
	running         bool
	unread          error
	// silent is true while it has not answered for reportInterval; arrived while it
	// does not answer and the destination runs the guest.
	silent, arrived bool
	// connecting is since when a call has held the job that has sent nothing: libvirt
	// connects to the destination for the memory. connected is when that was over; both
	// are of the last time.
	connecting, connected time.Time
	// stuck is since when its QEMU does not answer in the switch-over, because mirrors of
	// disks wait for the destination, and unstuck when that was over.
	stuck, unstuck time.Time
}

// orderState is a call to a host: when it was last made, and whether it is under way.
type orderState struct {
	made     time.Time
	underWay bool
}

// decisions is what was decided and ordered, and the answers.
type decisions struct {
	// verdict is why the migration is being cancelled; none while it may go on.
	// withdrawn is true once that was taken back.
	verdict   verdict
	withdrawn bool
	// cancelled is true when the caller asked for the end of the migration.
	cancelled bool
	// limit is why on_timeout was applied, and hindrance why it was not even tried.
	// idle is for how long the link had been idle then.
	limit     verdict
	hindrance hindrance
	idle      time.Duration
	// waiting is since when on_timeout waits for a lull.
	waiting time.Time
	// paused is true when libvirt said that it has paused the guest, postCopy when the
	// migration is known to be in post-copy. stepError is why one of the two could not
	// be done.
	paused, postCopy bool
	stepError        error
	// aborted is true when libvirt took the order to abort the job; abortError is why
	// it did not when it was last ordered.
	aborted    bool
	abortError error
	// unseen is why the end of the job was not seen; nil when it was.
	unseen error
}

// take notes what an event says, and returns what is to be told of it whatever the
// state is.
func (f *facts) take(e event) []effect {
	f.now, f.answer = e.at, e.err
	if order, answers := answered(e.kind); answers {
		f.orders[order].underWay = false
	}
	switch e.kind {
	case onReading:
		return f.read(e)
	case onSilence:
		f.source.unread, f.source.arrived = e.err, e.arrived
		if e.held && !f.figures.begun {
			return f.connect(e.at)
		}
		f.connectEnds(e.at)
		if e.stuck {
			f.sticks(e.at)
		}
		if !f.source.silent && e.at.Sub(f.source.heard) >= reportInterval {
			f.source.silent = true
			return do(tellSilence)
		}
	case onResult:
		if f.mode == PeerToPeer && unsure(e.err) {
			f.driver, f.lostCall = libvirtAlone, e.err
			f.source.vanished = time.Time{} // what was seen before the loss does not tell that the job ended
			break
		}
		f.returned, f.result = true, e.err
	case onCancel:
		f.decided.cancelled = true
	case onCalled:
		f.called = e.at
	case onPauseAnswer:
		f.stepped(e.err, &f.decided.paused)
	case onSwitchAnswer:
		f.stepped(e.err, &f.decided.postCopy)
	case onAbortAnswer:
		f.decided.aborted, f.decided.abortError = e.err == nil, e.err
	case onSourceSeen:
		if e.err == nil && (e.domain.State == StatePostCopySource || e.domain.State == StatePostCopyFailed) {
			f.decided.postCopy = true
		}
	case onGuestSeen:
		if e.err == nil && f.orders[orderPause].made.IsZero() {
			f.suspended.ran = f.suspended.ran || f.driver != anotherClient
			f.suspended.observe(e.asked, e.domain)
		}
	case onDestinationSeen:
		f.unreceived = e.err != nil || e.domain.State != StateIncoming
		f.prepared = f.prepared || e.err == nil && e.domain.Active()
	case onDowntimeAnswer:
		f.ladder.downtimeAnswered(e.at, e.err, f.figures.last.Iteration)
	case onCacheAnswer:
		f.ladder.cacheAnswered(e.err, f.figures.last.Iteration)
	case onShare:
		f.share.wanted = e.share
	case onShareAnswer:
		f.share.answered(e.at, e.err)
	case onTick, onAllSent, onDestinationLost:
	}
	return nil
}

// stepped notes the answer to an order of on_timeout.
func (f *facts) stepped(err error, done *bool) {
	if err == nil {
		*done = true
		return
	}
	f.decided.stepError = err
}

// connect notes that libvirt connects to the destination, and so answers nothing about the
// job.
func (f *facts) connect(now time.Time) []effect {
	s := &f.source
	if !f.connecting() {
		s.connecting, s.connected = s.heard, time.Time{}
	}
	s.heard, s.silent = now, false
	return do(tellConnecting)
}

func (f *facts) connectEnds(now time.Time) {
	if f.connecting() {
		f.source.connected = now
	}
}

// sticks notes that QEMU does not answer, and the source does: that is no silence, as long as
// QEMU may wait for the kernel to give the connection up.
func (f *facts) sticks(now time.Time) {
	s := &f.source
	if s.stuck.IsZero() {
		s.stuck = now
	}
	if now.Sub(s.stuck) < mirrorGrace {
		s.heard = now
	}
}

// read takes what the source says of its job.
func (f *facts) read(e event) (told []effect) {
	f.connectEnds(e.at)
	s := &f.source
	if !s.stuck.IsZero() {
		s.stuck, s.unstuck = time.Time{}, e.at
	}
	if s.silent {
		told = do(tellAnswersAgain)
	}
	s.heard, s.silent, s.arrived, s.unread = e.at, false, false, nil
	anyJob := e.err == nil && e.job.Type == JobRunning
	owned, another := false, false
	if anyJob {
		owned, another = f.owns(e)
	}
	if another {
		told = append(told, do(tellOtherJob)...)
	}
	s.running = owned
	switch {
	case owned:
		s.vanished = time.Time{}
		f.suspended.read(e.asked, e.job, f.downtimeLimit())
		return append(told, f.observe(e.at, e.job)...)
	case s.vanished.IsZero(), anyJob && f.mayBegin():
		s.vanished = e.at
	}
	return told
}

// observe takes what the migration's own job says.
func (f *facts) observe(now time.Time, job Job) []effect {
	f.figures.observe(job)
	stuck := job.DiskTotal > 0 && f.mirror.observe(now, job)
	switch {
	case job.mirrors():
		f.hopeless = stuck
	case job.MemoryTotal == 0:
		return nil
	default:
		f.share.observe(now, job.MemoryProcessed)
		f.hopeless = f.stall.observe(now, job)
		if remaining := f.stall.boundary; remaining != nil {
			f.lulls.observe(now, *remaining)
			f.ladder.pass(*remaining, job)
		}
	}
	if job.PostCopyRequests > 0 {
		f.decided.postCopy = true
	}
	f.idle = f.link.observe(now, job)
	if !f.limitReached() {
		f.decided.waiting = time.Time{} // it has made progress
	}
	return do(tellReading)
}

// note notes what is about to be done.
func (f *facts) note(e effect) {
	d := &f.decided
	switch {
	case e.isOrder():
		f.orders[e.kind] = orderState{made: f.now, underWay: true}
		if e.kind == orderShare {
			f.share.ordered = f.share.wanted
		}
	case e.kind == noteWaiting:
		d.waiting = f.now
	case e.kind == noteLimit:
		d.limit = f.limit()
	case e.kind == endMigration:
		if e.cause == limitReached {
			d.limit, d.hindrance, d.idle = f.limit(), f.hindrance(), f.idle
		}
		d.verdict = e.cause.verdict(d.limit)
	case e.kind == withdrawCancel:
		d.withdrawn = d.withdrawn || d.verdict != none
		d.verdict = none
	case e.kind == stopWatching:
		d.unseen = e.unseen
	}
}

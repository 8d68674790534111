package migration

import (
	"context"
	"errors"
	"time"
)

// watch follows one job to its end, judges it by the policy, and acts.
type watch struct {
	request Request
	tell    *narrator
	// calls carries the migration out; nil when the job was adopted, or once the
	// connection of the calls was lost, for the reason in lostCall.
	calls    *drive
	lostCall error
	mode     Mode
	// start is when the job started, ranBefore whether the guest ran then or was
	// asleep, asleep whether it was.
	start             time.Time
	ranBefore, asleep bool
	downtime          *downtime

	figures  figures
	stall    stallDetector
	link     linkDetector
	hopeless bool          // what stall said last
	idle     time.Duration // what link said last

	// heard is when the source last answered, vanished since when it answers
	// that there is no job of this migration. running is true while it last said
	// that there is one, and unread why it did not answer.
	heard, vanished time.Time
	running         bool
	unread          error
	silenceTold     bool
	ownership
	// ahead is true when the destination runs the guest while the source is silent.
	ahead bool
	// unreceived is true once the destination was seen not to hold the receiving
	// half, when that was last looked for.
	unreceived bool

	action
	*errands
}

// ending is how the watch ended.
type ending struct {
	action
	figures figures
	mode    Mode
	// least is the least memory that remained at the boundary of a pass; nil when
	// there was none.
	least   *uint64
	elapsed time.Duration
	// grace is how long the job was given to end after it had been called off.
	grace time.Duration
	// err is what the calls returned; nil after success, and where the job was
	// watched without them.
	err error
	// watched is true when the calls were not there to tell the end.
	watched bool
	// lostCall is why they were not there any more; nil where they never were.
	lostCall error
	// unseen is why the end of the job was not seen; nil when it was.
	unseen error
	// committed is true when the calls had brought the guest's memory to the
	// destination: then err is that of a later step.
	committed bool
}

// aborted tells whether the source's libvirt said that its job was cancelled.
// The same word of the destination, when it was to start the guest, says nothing
// of what became of that.
func (e ending) aborted() bool { return errors.Is(e.err, ErrAborted) && !e.committed }

// mayHaveStopped tells whether it can be this migration that has stopped the
// guest: it was begun, and libvirt did not refuse it because of another operation.
func (e ending) mayHaveStopped() bool {
	return e.mode != "" && (e.committed || !errors.Is(e.err, ErrBusy))
}

// Why the end of a job was not seen.
var (
	errSilent    = errors.New("the source did not answer any more")
	errLostCall  = errors.New("the connection to the source was lost")
	errUnstopped = errors.New("libvirt did not end the job in time")
)

// run watches until the job has ended or can no longer be watched. It waits for
// no host: it takes what happens, and decides.
func (w *watch) run(ctx context.Context) ending {
	// Once a job runs, the engine's calls must not be cut off by what calls it off.
	w.errands = newErrands(context.WithoutCancel(ctx))
	defer w.close()
	w.heard = time.Now()
	w.known = w.calls == nil // adopted
	w.stall.window = w.request.Policy.StallTimeout
	tick := time.NewTimer(0)
	defer tick.Stop()
	cancelled := ctx.Done()
	for {
		interval := w.interval()
		select {
		case err := <-w.result():
			if w.mode == Direct || !unsure(err) {
				w.awaitOrders()
				return w.ended(err, nil)
			}
			w.lose(err)
		case <-cancelled:
			cancelled = nil
			w.cancelByCaller()
		case a := <-w.answers:
			w.hear(a)
		case <-tick.C:
			w.poll()
			tick.Reset(w.interval())
		}
		if over, unseen := w.over(); over {
			if w.calls != nil && errors.Is(w.calls.abandon(), errHalted) && errors.Is(unseen, errUnstopped) {
				return w.ended(errHalted, nil) // nothing was left to be stopped
			}
			return w.ended(nil, unseen) // any other error says no more than that the call was given up
		}
		w.act()
		if sooner := w.interval(); sooner < interval {
			tick.Reset(sooner)
		}
	}
}

// lose goes on without the call that started the migration.
func (w *watch) lose(err error) {
	w.lostCall = err
	w.calls = nil
	w.vanished = time.Time{} // what was seen before the loss does not tell that the job ended
	w.tell.say(Notice{Kind: NoticeCallLost, Err: err})
}

// awaitOrders waits for what libvirt answers to orders that change what the job
// or the guest does. Questions are given up when the job has ended.
func (w *watch) awaitOrders() {
	w.closing = true
	for w.underWay(abortJob, suspendGuest, startPostCopy) {
		w.hear(<-w.answers)
	}
}

// hear takes what came of an errand.
func (w *watch) hear(a answer) {
	w.take(a)
	switch a.errand {
	case readJob:
		w.read(a)
	case abortJob:
		w.abortAnswered(a.err)
	case suspendGuest:
		w.suspendAnswered(a.err)
	case startPostCopy:
		w.switchAnswered(a.err)
	case setDowntime:
		w.downtime.answered(a.err, w.tell)
	case lookAtSource:
		w.sourceSeen(a.domain, a.err)
	case lookAtDestination:
		w.unreceived = a.err != nil || a.domain.State != StateIncoming
	}
}

// result is where the calls tell their end; for ever silent without them.
func (w *watch) result() <-chan error {
	if w.calls == nil {
		return nil
	}
	return w.calls.result
}

// committed tells whether the migration must be carried to its end because the
// guest's memory is on the destination.
func (w *watch) committed() bool { return w.calls != nil && w.calls.committed.Load() }

func (w *watch) interval() time.Duration {
	if w.verdict != none || time.Since(w.start) < eagerPeriod {
		return eagerInterval
	}
	return pollInterval
}

func (w *watch) ended(err, unseen error) ending {
	if succeeded := err == nil && unseen == nil && w.calls != nil; !succeeded {
		err = w.refused(err)
	}
	return ending{
		action:    w.action,
		figures:   w.figures,
		mode:      w.mode,
		least:     w.stall.least,
		elapsed:   time.Since(w.start),
		grace:     w.grace(),
		err:       err,
		watched:   w.calls == nil,
		lostCall:  w.lostCall,
		unseen:    unseen,
		committed: w.committed(),
	}
}

// over tells whether there is nothing more to watch, and why the end was not
// seen where it was not. As long as the calls last, they tell the end, and
// missing readings are tolerated within bounds.
func (w *watch) over() (over bool, unseen error) {
	now := time.Now()
	gone := !w.vanished.IsZero()
	switch {
	case w.committed():
		return false, nil
	case w.calls == nil && gone && (w.figures.seen || now.Sub(w.vanished) >= lateStart):
		return true, nil
	case w.calls != nil && gone && w.figures.seen && now.Sub(w.vanished) >= lostCallLimit:
		return true, errLostCall
	case now.Sub(w.heard) >= silenceLimit, w.ahead && now.Sub(w.heard) >= arrivalLimit:
		return true, errSilent
	case w.verdict != none && now.Sub(w.called) >= w.grace():
		return true, errUnstopped
	}
	return false, nil
}

// poll asks for a reading of the job. Where the source does not answer, it finds
// out whether the guest has arrived: then there is nothing left to call off. In
// direct mode the calls tell.
func (w *watch) poll() {
	w.send(readJob, 0, func(ctx context.Context, a *answer) {
		a.job, a.err = ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return w.request.Source.Job(ctx, w.request.UUID) })
		if a.answered() || w.mode == Direct {
			return
		}
		there, err := ask(ctx, lookDeadline, func(ctx context.Context) (Domain, error) {
			return w.request.Destination.Domain(ctx, w.request.UUID)
		})
		a.ahead = err == nil && (there.live() || !w.ranBefore && there.State == StatePaused)
	})
}

// answered tells whether the source said what the job does.
func (a answer) answered() bool {
	return a.err == nil || errors.Is(a.err, ErrNoDomain) || errors.Is(a.err, ErrNotActive)
}

// read takes a reading of the job.
func (w *watch) read(a answer) {
	if !a.answered() {
		w.unread, w.ahead = a.err, a.ahead
		w.tellSilence(a.came)
		return
	}
	w.heard, w.ahead, w.unread = a.came, false, nil
	if w.silenceTold {
		w.silenceTold = false
		w.tell.say(Notice{Kind: NoticeAnswers})
	}
	anyJob := a.err == nil && a.job.Type == JobRunning
	w.running = anyJob && w.owns(a)
	switch {
	case w.running:
		w.vanished = time.Time{}
		w.observe(a.came, a.job)
	case w.vanished.IsZero(), anyJob && w.mayWait(a.came):
		w.vanished = a.came
	}
}

func (w *watch) tellSilence(now time.Time) {
	if !w.silenceTold && now.Sub(w.heard) >= reportInterval {
		w.silenceTold = true
		w.tell.say(Notice{Kind: NoticeSilent})
	}
}

// observe takes what the running job said.
func (w *watch) observe(now time.Time, job Job) {
	w.figures.observe(job)
	w.setDowntime()
	if job.MemoryTotal == 0 {
		return
	}
	if job.PostCopyRequests > 0 {
		w.postCopyBegan(NoticePostCopy)
	}
	w.hopeless = w.stall.observe(now, job)
	w.idle = w.link.observe(now, job)
	w.tell.reading(job, w.stall.trend)
}

// setDowntime sets the policy's longest pause where that is still to be done.
func (w *watch) setDowntime() {
	if !w.downtime.due() {
		return
	}
	wanted := *w.downtime.pending
	w.send(setDowntime, 0, func(ctx context.Context, a *answer) {
		a.err = order(ctx, callDeadline, func(ctx context.Context) error {
			return w.request.Source.SetMaxDowntime(ctx, w.request.UUID, wanted)
		})
	})
}

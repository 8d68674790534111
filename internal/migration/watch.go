package migration

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// watch follows one job to its end, judges it by the policy, and acts.
type watch struct {
	request Request
	tell    *narrator
	// own is the caller's context without its cancellation: once a job runs, the
	// engine's calls must not be cut off by what calls the job off.
	own context.Context
	// calls carries the migration out; nil when the job was adopted, or once the
	// connection of the calls was lost, for the reason in lostCall.
	calls    *drive
	lostCall error
	mode     Mode
	// start is when the job started, ranBefore whether the guest ran then.
	start     time.Time
	ranBefore bool
	downtime  *downtime

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

	action
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

// run watches until the job has ended or can no longer be watched.
func (w *watch) run(ctx context.Context) ending {
	w.heard = time.Now()
	w.known = w.calls == nil // adopted
	w.stall.window = w.request.Policy.StallTimeout
	timer := time.NewTimer(0)
	defer timer.Stop()
	cancelled := ctx.Done()
	for {
		select {
		case err := <-w.result():
			if w.mode == Direct || !unsure(err) {
				return w.ended(err, nil)
			}
			w.lostCall = err
			w.calls = nil
			w.vanished = time.Time{} // what was seen before the loss does not tell that the job ended
			w.tell.say(fmt.Sprintf("lost the call that started the migration (%s); if that had begun, it goes on without it", err))
		case <-cancelled:
			cancelled = nil
			w.cancel()
		case <-timer.C:
			w.poll()
			timer.Reset(w.interval())
		}
		if over, unseen := w.over(); over {
			if w.calls != nil && errors.Is(w.calls.abandon(), errHalted) && errors.Is(unseen, errUnstopped) {
				return w.ended(errHalted, nil) // nothing was left to be stopped
			}
			return w.ended(nil, unseen) // any other error says no more than that the call was given up
		}
		w.act()
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

// poll takes a reading of the job.
func (w *watch) poll() {
	job, err := ask(w.own, callDeadline, func(ctx context.Context) (Job, error) {
		return w.request.Source.Job(ctx, w.request.UUID)
	})
	now := time.Now()
	answered := err == nil || errors.Is(err, ErrNoDomain) || errors.Is(err, ErrNotActive)
	if !answered {
		w.unread = err
		w.tellSilence(now)
		w.lookAhead()
		return
	}
	w.heard, w.ahead, w.unread = now, false, nil
	if w.silenceTold {
		w.silenceTold = false
		w.tell.say(w.request.Source.Name() + " answers again")
	}
	anyJob := err == nil && job.Type == JobRunning
	w.running = anyJob && w.owns(now, job)
	switch {
	case w.running:
		w.vanished = time.Time{}
		w.observe(now, job)
	case w.vanished.IsZero(), anyJob && w.mayWait(now):
		w.vanished = now
	}
}

func (w *watch) tellSilence(now time.Time) {
	if !w.silenceTold && now.Sub(w.heard) >= reportInterval {
		w.silenceTold = true
		w.tell.say(w.request.Source.Name() + " does not answer; a migration that has begun goes on there")
	}
}

// lookAhead finds out whether the guest has arrived while the source is silent:
// then there is nothing left to call off. In direct mode the calls tell.
func (w *watch) lookAhead() {
	if w.mode == Direct {
		return
	}
	there, err := ask(w.own, lookDeadline, func(ctx context.Context) (Domain, error) {
		return w.request.Destination.Domain(ctx, w.request.UUID)
	})
	w.ahead = err == nil && (there.State == StateRunning || !w.ranBefore && there.State == StatePaused)
}

// observe takes what the running job said.
func (w *watch) observe(now time.Time, job Job) {
	w.figures.observe(job)
	w.downtime.applyTo(w.own, w.tell)
	if job.MemoryTotal == 0 {
		return
	}
	if job.PostCopyRequests > 0 {
		w.postCopyBegan("the migration is in post-copy")
	}
	w.hopeless = w.stall.observe(now, job)
	w.idle = w.link.observe(now, job)
	w.tell.reading(job, w.stall.trend)
}

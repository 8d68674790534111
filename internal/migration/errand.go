package migration

import (
	"context"
	"slices"
	"sync"
	"time"
)

// errand is a call that a watch makes about its job.
type errand int

const (
	readJob errand = iota
	abortJob
	suspendGuest
	startPostCopy
	setDowntime
	lookAtSource
	lookAtDestination
)

// answer is what came of an errand. Which of job and domain holds depends on the
// errand.
type answer struct {
	errand errand
	// asked is when the call was made, came when it was answered.
	asked, came time.Time
	job         Job
	domain      Domain
	// ahead is true when the source did not say what the job does, and the
	// destination runs the guest.
	ahead bool
	err   error
}

// errands are the calls of a watch, each in a goroutine of its own: a host that
// hangs holds up no decision, and a cancel is seen at once. Of each kind one is
// under way at a time. All methods are for the goroutine of the watch.
type errands struct {
	ctx     context.Context
	cancel  context.CancelFunc
	group   sync.WaitGroup
	answers chan answer
	sent    map[errand]time.Time
	busy    map[errand]bool
	closing bool
}

func newErrands(ctx context.Context) *errands {
	ctx, cancel := context.WithCancel(ctx)
	return &errands{ctx: ctx, cancel: cancel, answers: make(chan answer), sent: map[errand]time.Time{}, busy: map[errand]bool{}}
}

// send makes a call, unless one of its kind is under way or the last one was made
// less than pause ago.
func (e *errands) send(kind errand, pause time.Duration, call func(ctx context.Context, a *answer)) {
	now := time.Now()
	if e.closing || e.busy[kind] || now.Sub(e.sent[kind]) < pause {
		return
	}
	e.busy[kind], e.sent[kind] = true, now
	e.group.Go(func() {
		a := answer{errand: kind, asked: now}
		call(e.ctx, &a)
		a.came = time.Now()
		select {
		case e.answers <- a:
		case <-e.ctx.Done():
		}
	})
}

// take notes that an answer was received.
func (e *errands) take(a answer) { e.busy[a.errand] = false }

// underWay tells whether a call of one of the kinds is being made.
func (e *errands) underWay(kinds ...errand) bool {
	return slices.ContainsFunc(kinds, func(kind errand) bool { return e.busy[kind] })
}

// close gives up what is under way, and waits for it.
func (e *errands) close() {
	e.closing = true
	e.cancel()
	e.group.Wait()
}

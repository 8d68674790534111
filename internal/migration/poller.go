package migration

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// poller reads the job on the source repeatedly, in a goroutine of its own: a host that
// hangs delays nothing else.
type poller struct {
	request Request
	mode    Mode
	// ranBefore is true when the guest ran when the migration began.
	ranBefore bool
	events    chan<- event
	// interval is the time from one question to the next, in nanoseconds.
	interval atomic.Int64
	// changed has a value when the interval has just become shorter.
	changed chan struct{}
}

func newPoller(r Request, mode Mode, ranBefore bool, events chan<- event) *poller {
	return &poller{request: r, mode: mode, ranBefore: ranBefore, events: events, changed: make(chan struct{}, 1)}
}

// every sets the time from one question to the next. A shorter one holds at once.
func (p *poller) every(interval time.Duration) {
	if before := p.interval.Swap(int64(interval)); int64(interval) >= before {
		return
	}
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// run asks until ctx is done.
func (p *poller) run(ctx context.Context) {
	for ctx.Err() == nil {
		asked := time.Now()
		e := p.poll(ctx, asked)
		select {
		case p.events <- e:
		case <-ctx.Done():
			return
		}
		p.wait(ctx, asked)
	}
}

// wait waits until the next question is due.
func (p *poller) wait(ctx context.Context, asked time.Time) {
	for {
		left := time.Duration(p.interval.Load()) - time.Since(asked)
		if left <= 0 {
			return
		}
		due := time.NewTimer(left)
		select {
		case <-due.C:
		case <-p.changed:
		case <-ctx.Done():
			due.Stop()
			return
		}
		due.Stop()
	}
}

// poll asks once. Where the source does not answer, it asks the destination whether the
// guest has arrived: then there is nothing left to cancel. In direct mode the calls tell
// that.
func (p *poller) poll(ctx context.Context, asked time.Time) event {
	job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) {
		return p.request.Source.Job(ctx, p.request.UUID)
	})
	e := event{kind: onReading, asked: asked, job: job, err: err}
	if err != nil && !errors.Is(err, ErrNoDomain) && !errors.Is(err, ErrNotActive) {
		e.kind = onSilence
		if p.mode != Direct {
			there, err := ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
				return p.request.Destination.Domain(ctx, p.request.UUID)
			})
			e.arrived = err == nil && (there.live() || !p.ranBefore && there.State == StatePaused)
		}
	}
	e.at = time.Now()
	return e
}

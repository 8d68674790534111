package migration

import (
	"context"
	"sync/atomic"
	"time"
)

// runner makes the calls that carry a migration out, in a goroutine of its own.
// Whoever launches it waits for its end.
type runner struct {
	// halted is done once no further step may begin.
	halted context.Context
	halt   context.CancelFunc
	cancel context.CancelFunc
	// events tells the watch of the moments that it decides by, and waits until it has
	// taken them. result has what the calls returned in the end.
	events chan<- event
	result chan error
	// jobSeen is set once the job was seen to run, postCopy once the migration is known
	// to be in post-copy. The watch tells.
	jobSeen, postCopy atomic.Bool
	// committed is true when the guest's memory was brought to the destination. It may
	// be read once the result is there.
	committed bool
}

// launch makes the calls of a mode. They go on when ctx is cancelled: only halt and
// abandon end them.
func (r Request) launch(ctx context.Context, mode Mode, p Parameters, events chan<- event) *runner {
	ctx = context.WithoutCancel(ctx)
	halted, halt := context.WithCancel(ctx)
	calling, cancel := context.WithCancel(ctx)
	c := &runner{halted: halted, halt: halt, cancel: cancel, events: events, result: make(chan error, 1)}
	go func() {
		defer halt()
		defer cancel()
		switch {
		case mode == Direct && p.Recover:
			c.result <- r.reconnect(calling, c, p)
			return
		case mode == Direct:
			c.result <- r.direct(calling, c, p)
			return
		}
		if !c.mayBegin(calling) {
			c.result <- errHalted
			return
		}
		c.result <- r.Source.MigratePeerToPeer(calling, r.UUID, r.PeerURI, p)
	}()
	return c
}

// announce tells the watch of an event, unless the calls were abandoned.
func (c *runner) announce(ctx context.Context, kind eventKind) {
	select {
	case c.events <- event{kind: kind, at: time.Now()}:
	case <-ctx.Done():
	}
}

// mayBegin announces the call that begins the job, and tells whether it may be made:
// it may not once the migration was cancelled.
func (c *runner) mayBegin(ctx context.Context) bool {
	if c.halted.Err() != nil {
		return false
	}
	c.announce(ctx, onCalled)
	return c.halted.Err() == nil
}

// inform tells the calls what the watch knows.
func (c *runner) inform(f facts) {
	c.jobSeen.Store(f.owner.known)
	c.postCopy.Store(f.decided.postCopy)
}

// abandon ends the call that is being made, and waits for that. A peer-to-peer migration
// may go on without it.
func (c *runner) abandon() error {
	c.halt()
	c.cancel()
	return <-c.result
}

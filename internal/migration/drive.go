package migration

import (
	"context"
	"sync/atomic"
	"time"
)

// drive is the goroutine in which the calls are made that carry a migration
// out. Whoever launches it waits for its end.
type drive struct {
	// halted is done once no further step may begin.
	halted context.Context
	halt   context.CancelFunc
	giveUp context.CancelFunc
	result chan error
	// committed is set once the guest's memory is on the destination: from then
	// on the migration must be carried to its end.
	committed atomic.Bool
	// postCopy is set once the migration has been switched to post-copy.
	postCopy atomic.Bool
	// performing is since when a direct migration may have a job on the source: the
	// call is being made that begins one. It is nil before.
	performing atomic.Pointer[time.Time]
	// begun is set once that job was seen.
	begun atomic.Bool
	// deserted is set while the destination of a direct migration has not answered
	// for desertedLimit.
	deserted atomic.Bool
}

// launch makes the calls of a mode. They go on when ctx is cancelled: only halt
// and abandon end them.
func (r Request) launch(ctx context.Context, mode Mode, p Parameters) *drive {
	ctx = context.WithoutCancel(ctx)
	halted, halt := context.WithCancel(ctx)
	calling, giveUp := context.WithCancel(ctx)
	d := &drive{halted: halted, halt: halt, giveUp: giveUp, result: make(chan error, 1)}
	go func() {
		defer halt()
		defer giveUp()
		if mode == Direct {
			d.result <- r.direct(calling, d, p)
		} else {
			d.result <- r.Source.MigratePeerToPeer(calling, r.UUID, r.PeerURI, p)
		}
	}()
	return d
}

// abandon gives the call up that is being made, and waits. A peer-to-peer
// migration may go on without it.
func (d *drive) abandon() error {
	d.halt()
	d.giveUp()
	return <-d.result
}

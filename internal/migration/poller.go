package migration

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// errHeld is why a job was not read.
var errHeld = errors.New("libvirt connects to the destination, and takes no orders meanwhile")

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
	// held is true while a call is known to hold the job: see Source.JobHeld.
	held bool
	// sent is true once memory was sent: libvirt no longer connects then.
	sent bool
	// stuck is what was seen of QEMU at looked, since the job was read last.
	stuck  bool
	looked time.Time
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
	job, err := p.job(ctx)
	if err == nil {
		p.sent, p.looked = p.sent || job.MemoryTotal > 0, time.Time{}
	}
	e := event{kind: onReading, asked: asked, job: job, err: err, held: p.held}
	if err != nil && !errors.Is(err, ErrNoDomain) && !errors.Is(err, ErrNotActive) {
		e.kind = onSilence
		if p.mode != Direct && !p.held {
			there, err := p.there(ctx)
			e.arrived = err == nil && (there.live() || !p.ranBefore && there.State == StatePaused)
		}
		e.stuck = p.sent && p.request.Storage != nil && p.qemuStuck(ctx)
	}
	e.at = time.Now()
	return e
}

// job asks for the job. Where that takes long, it asks what libvirt waits for: while a call
// holds the job, no question is left waiting there.
func (p *poller) job(ctx context.Context) (Job, error) {
	if p.held {
		if p.held = jobHeld(ctx, p.request); p.held {
			return Job{}, errHeld
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	var job Job
	var err error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		job, err = p.request.Source.Job(ctx, p.request.UUID)
		if err == nil && job.mirrors() {
			job.Disks = p.disks(ctx)
		}
	}()
	patience := time.NewTimer(heldPatience)
	defer patience.Stop()
	select {
	case <-answered:
		return job, err
	case <-patience.C:
	}
	if p.held = jobHeld(ctx, p.request) && p.received(ctx); p.held {
		cancel()
		<-answered
		return Job{}, errHeld
	}
	<-answered
	return job, err
}

// disks asks how far the copy of each disk has got, where there are several. No reading is late or
// lost for a disk that is not answered about.
func (p *poller) disks(ctx context.Context) []DiskCopy {
	targets := p.request.Storage.Targets()
	if len(targets) < 2 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, disksDeadline)
	defer cancel()
	copies := make([]DiskCopy, 0, len(targets))
	for _, target := range targets {
		disk, err := p.request.Source.DiskCopy(ctx, p.request.UUID, target)
		if err != nil {
			return nil
		}
		copies = append(copies, disk)
	}
	return copies
}

// received tells whether the destination may hold the incoming domain. A direct migration
// has prepared it.
func (p *poller) received(ctx context.Context) bool {
	if p.mode == Direct {
		return true
	}
	there, err := p.there(ctx)
	return err == nil && there.State == StateIncoming || Lost(err)
}

// qemuStuck tells whether the source answers, and its QEMU does not. Each such question leaves
// one waiting there: it is not asked at each poll.
func (p *poller) qemuStuck(ctx context.Context) bool {
	if time.Since(p.looked) >= callDeadline {
		here, err := ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
			return p.request.Source.Domain(ctx, p.request.UUID)
		})
		p.stuck, p.looked = err == nil && here.Unresponsive, time.Now()
	}
	return p.stuck
}

func (p *poller) there(ctx context.Context) (Domain, error) {
	return ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
		return p.request.Destination.Domain(ctx, p.request.UUID)
	})
}

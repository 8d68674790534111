package migration

import (
	"context"
	"errors"
	"sync"
	"time"
)

// watch follows one migration to its end: it feeds the machine with events and carries
// out its effects. It waits for no host: each call is made by a goroutine of its own.
type watch struct {
	request Request
	report  *reporter
	machine machine
	// runner carries the migration out; nil when it was adopted.
	runner *runner
	// seen is the job as the checks saw it that is adopted; nil where there is none.
	seen *Job

	events chan event
	poller *poller
	ctx    context.Context
	cancel context.CancelFunc
	calls  sync.WaitGroup
	// hold is what the budget was last told.
	hold Hold
}

// ending is how the watch ended.
type ending struct {
	// begun is false for a migration that neither was started nor adopted: then nothing
	// else holds but verdict.
	begun bool
	mode  Mode
	// verdict is why the engine has ended the migration; none where it has not.
	verdict verdict
	// hindrance is why on_timeout was not tried, idle for how long the link had been
	// idle then, and stepError why it could not be done.
	hindrance hindrance
	idle      time.Duration
	stepError error
	// pausing is since when the guest was to be paused by on_timeout, paused whether
	// libvirt said that it was. postCopy is true when the migration was in post-copy.
	pausing          time.Time
	paused, postCopy bool
	// cancelled is true when the caller asked for the end of the migration.
	cancelled bool
	// taken tells whether libvirt took the order to abort the job, orderError why not.
	taken      bool
	orderError error
	figures    figures
	mirror     MirrorFigures
	// prepared is true when the destination was seen to hold the domain before any memory
	// was sent.
	prepared bool
	// suspended is true when somebody suspended the guest, and was not seen to resume it.
	suspended bool
	// refusal is why a peer-to-peer migration was refused, which this direct one was made
	// instead of; nil where it was not.
	refusal error
	// least is the least memory that remained at the boundary of a pass; nil when
	// there was none.
	least   *uint64
	elapsed time.Duration
	// ladder is what was raised, and what of it could not be.
	ladder ladder
	// connecting is how long libvirt connected to the destination.
	connecting time.Duration
	// cancelling is how long libvirt had to end the job; 0 where it was not to.
	cancelling time.Duration
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
// The same error of the destination, when it was to start the guest, does not say
// whether that runs.
func (e ending) aborted() bool { return errors.Is(e.err, ErrAborted) && !e.committed }

// mayHaveStopped tells whether it can be this migration that has stopped the
// guest: it was begun, and libvirt did not refuse it because of another operation.
func (e ending) mayHaveStopped() bool {
	return e.begun && (e.committed || !errors.Is(e.err, ErrBusy))
}

// Why the end of a job was not seen.
var (
	errSilent    = errors.New("the source did not answer any more")
	errLostCall  = errors.New("the connection to the source was lost")
	errUnstopped = errors.New("libvirt did not end the job in time")
)

// run watches until the migration has ended or cannot be watched any longer.
func (w *watch) run(ctx context.Context) ending {
	// Once a job runs, the engine's calls must not be cut off by what cancels it.
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer w.close()
	f := &w.machine.facts
	f.now = time.Now()

	w.poller = newPoller(w.request, f.mode, f.ranBefore, w.events)
	w.poller.every(f.interval())
	w.calls.Go(func() { w.poller.run(w.ctx) })
	var result <-chan error // never without a runner
	if w.runner != nil {
		result = w.runner.result
	}
	tick := time.NewTicker(f.interval())
	defer tick.Stop()
	cancelled := ctx.Done()
	shared := w.share()
	if w.seen != nil {
		w.handle(event{kind: onReading, at: f.now, asked: f.now, job: *w.seen})
	}
	for w.machine.state != ended {
		interval := f.interval()
		e := event{kind: onTick, at: time.Now()}
		select {
		case e = <-w.events:
		case err := <-result:
			e = event{kind: onResult, at: time.Now(), err: err}
		case <-cancelled:
			cancelled = nil
			e = event{kind: onCancel, at: time.Now()}
		case <-shared:
			e.kind, e.at = onShare, time.Now()
			e.share, shared = w.request.Budget.Share()
		case <-tick.C:
			e.at = time.Now()
		}
		w.handle(e)
		if now := f.interval(); now != interval {
			w.poller.every(now)
			tick.Reset(now)
		}
	}
	return w.ending()
}

// close ends the calls that are under way, and waits for them.
func (w *watch) close() {
	w.cancel()
	w.calls.Wait()
}

// handle lets the machine decide on an event, and does what it wants done.
func (w *watch) handle(e event) {
	todo := w.machine.handle(e)
	if w.runner != nil {
		w.runner.inform(w.machine.facts)
	}
	w.informBudget()
	for _, effect := range todo {
		w.perform(effect)
	}
}

// perform carries an effect out.
func (w *watch) perform(e effect) {
	source, uuid := w.request.Source, w.request.UUID
	switch e.kind {
	case orderAbort:
		w.order(onAbortAnswer, func(ctx context.Context) error { return source.AbortJob(ctx, uuid) })
	case orderPause:
		w.order(onPauseAnswer, func(ctx context.Context) error { return source.Suspend(ctx, uuid) })
	case orderSwitch:
		w.order(onSwitchAnswer, func(ctx context.Context) error { return source.StartPostCopy(ctx, uuid) })
	case orderDowntime:
		w.order(onDowntimeAnswer, w.raiseDowntime())
	case orderCache:
		w.order(onCacheAnswer, w.growCache())
	case orderShare:
		w.order(onShareAnswer, w.holdToShare())
	case askSource:
		w.observe(onSourceSeen, source, callDeadline)
	case askGuest:
		w.observe(onGuestSeen, source, observeDeadline)
	case askDestination:
		w.observe(onDestinationSeen, w.request.Destination, observeDeadline)
	case endMigration:
		if w.runner != nil {
			w.runner.halt()
		}
		w.report.of(e, w.machine.facts)
	default:
		w.report.of(e, w.machine.facts)
	}
}

// order gives an order to the source, and has its answer as an event.
func (w *watch) order(answer eventKind, call func(context.Context) error) {
	w.calls.Go(func() {
		asked := time.Now()
		err := order(w.ctx, callDeadline, call)
		w.deliver(event{kind: answer, asked: asked, err: err})
	})
}

// observe asks a host for the domain, and has its answer as an event.
func (w *watch) observe(answer eventKind, host Host, deadline time.Duration) {
	w.calls.Go(func() {
		asked := time.Now()
		seen, err := ask(w.ctx, deadline, func(ctx context.Context) (Domain, error) {
			return host.Domain(ctx, w.request.UUID)
		})
		w.deliver(event{kind: answer, asked: asked, domain: seen, err: err})
	})
}

// deliver tells the watch of an answer, unless it has ended.
func (w *watch) deliver(e event) {
	e.at = time.Now()
	select {
	case w.events <- e:
	case <-w.ctx.Done():
	}
}

// raiseDowntime is the order to let the switch-over take longer. The first step replaces what
// was set before; a later one never lowers what whoever has started the migration has set.
func (w *watch) raiseDowntime() func(context.Context) error {
	source, uuid, d := w.request.Source, w.request.UUID, w.machine.facts.ladder.downtime
	return func(ctx context.Context) error {
		if d.wanted > 0 {
			if has, err := source.MaxDowntime(ctx, uuid); err != nil || has >= d.steps[d.wanted] {
				return err
			}
		}
		return source.SetMaxDowntime(ctx, uuid, d.steps[d.wanted])
	}
}

// growCache is the order to make the XBZRLE cache larger, where the source has the memory.
func (w *watch) growCache() func(context.Context) error {
	source, uuid, size := w.request.Source, w.request.UUID, w.machine.facts.ladder.cache.wanted
	return func(ctx context.Context) error {
		memory, err := source.Memory(ctx)
		switch {
		case err != nil:
			return err
		case memory.Available < cacheReserve*size:
			return &CacheMemoryError{Need: cacheReserve * size, Have: memory.Available}
		}
		return source.SetCompressionCache(ctx, uuid, size)
	}
}

// ending is how the migration ended. Calls that have not returned are abandoned; what
// they return then says nothing else, unless nothing was left to be stopped.
func (w *watch) ending() ending {
	f := w.machine.facts
	err, unseen := f.result, f.decided.unseen
	if f.driver == ownCalls && !f.returned {
		if abandoned := w.runner.abandon(); errors.Is(abandoned, errHalted) && errors.Is(unseen, errUnstopped) {
			err, unseen = errHalted, nil
		}
	}
	if succeeded := err == nil && unseen == nil && f.driver == ownCalls; !succeeded {
		err = f.owner.refusal(err)
	}
	return ending{
		begun:      true,
		mode:       f.mode,
		verdict:    f.decided.verdict,
		hindrance:  f.decided.hindrance,
		idle:       f.decided.idle,
		stepError:  f.decided.stepError,
		pausing:    f.entered[pausing.index()],
		paused:     f.decided.paused,
		postCopy:   f.decided.postCopy,
		cancelled:  f.decided.cancelled,
		taken:      f.decided.aborted,
		orderError: f.notAborted(),
		figures:    f.figures,
		mirror:     f.mirror.figures,
		prepared:   f.prepared,
		suspended:  f.suspended.seen,
		least:      f.stall.least,
		ladder:     f.ladder,
		elapsed:    time.Since(f.start),
		connecting: f.connectFor(),
		cancelling: f.cancellingFor(),
		err:        err,
		watched:    f.driver != ownCalls,
		lostCall:   f.lostCall,
		unseen:     unseen,
		committed:  f.driver == ownCalls && w.runner.committed,
	}
}

package migration

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// move is one run of the engine.
type move struct {
	Request
	// own is the caller's context without its cancellation.
	own    context.Context
	report *reporter

	parameters Parameters
	downtime   *downtime
	// ladder is what is raised in mid-move, also of a second attempt.
	ladder ladder
	// start is when the job started, ranBefore whether the guest ran then or was
	// asleep, asleep whether it was.
	start             time.Time
	ranBefore, asleep bool
	adopted           bool
	// persistent is true when the source kept a definition of the domain.
	persistent bool
	// domain is the VM as the checks saw it on the source.
	domain     Domain
	belongings belongings
}

// Run moves a VM, and returns when that is over and the VM was observed on both hosts.
// It returns an error unless the VM was seen on the destination and seen to be
// gone from the source; the error is a Diagnosis, or that of Request.Ready.
//
// A migration to the same destination that is under way already is watched to
// its end instead. Cancelling ctx cancels the migration, which takes a few
// seconds, as long as that does not endanger the VM: it has no effect in post-copy.
//
// report is called from the calling goroutine, and not after Run has returned.
// It may be nil.
func Run(ctx context.Context, r Request, report func(Progress)) (Report, error) {
	m := &move{
		Request: r, own: context.WithoutCancel(ctx), report: newReporter(r.Subject(), report, r.Reading), start: time.Now(),
	}
	a := m.assess(ctx)
	m.prepare(ctx, &a)
	switch {
	case ctx.Err() != nil:
		return Report{}, m.cancelledEarly()
	case a.AlreadyThere:
		return m.alreadyThere(a), nil
	case len(a.Errors()) > 0:
		return Report{}, m.refused(a)
	}
	for _, warning := range a.Warnings() {
		m.report.say(Notice{Kind: NoticeDoubt, Finding: &warning})
	}
	m.ranBefore = a.ranBefore()
	m.asleep = a.source.Is(StateAsleep)
	m.persistent = a.source.Domain.Persistent
	if r.Definition {
		return m.moveDefinition(ctx, a)
	}
	if r.Recover {
		return m.conclude(m.recover(ctx, a))
	}
	if a.Running {
		return m.conclude(m.adopt(ctx, a))
	}
	if r.Ready != nil {
		prepared, err := r.Ready(ctx)
		switch {
		case ctx.Err() != nil:
			return Report{}, m.cancelledEarly()
		case err != nil:
			return Report{}, err
		}
		m.Storage, m.Changed = prepared.Storage, prepared.Changed
	}
	m.domain = a.source.Domain
	m.downtime, m.ladder = &downtime{request: m.Request}, newLadder(m.Policy)
	if steps := m.ladder.downtime.steps; len(steps) > 0 {
		m.ladder.downtime.begun(m.downtime.prepare(ctx, steps[0]))
	}
	if ctx.Err() != nil {
		return m.conclude(m.cancelled(ending{watched: true}))
	}
	e := m.carryOut(ctx)
	if errors.Is(e.err, ErrBusy) && e.verdict == none {
		// Someone else was quicker to start a migration; it may be the wanted one.
		a := m.assess(ctx)
		switch {
		case ctx.Err() != nil:
			e = m.cancelled(e)
		case a.Running:
			e = m.adopt(ctx, a)
		}
	}
	return m.conclude(e)
}

// prepare makes the caller's checks, and meanwhile reads what is to be carried.
func (m *move) prepare(ctx context.Context, a *Assessment) {
	if ctx.Err() != nil || !a.Fit() && !a.Running {
		return
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	var read sync.WaitGroup
	read.Go(func() { m.belongings = m.readBelongings(reading, a.source.Domain) })
	if a.Fit() && m.Preflight != nil {
		a.Findings = append(a.Findings, m.Preflight(ctx, *a)...)
	}
	if len(a.Errors()) > 0 {
		stop() // nothing is carried
	}
	read.Wait()
}

// assess makes the checks, and repeats them for a moment where a finding may pass by
// itself.
func (m *move) assess(ctx context.Context) Assessment {
	deadline := time.Now().Add(adoptionPatience)
	for {
		a := Assess(ctx, m.Request)
		if !a.passing || ctx.Err() != nil || time.Now().After(deadline) {
			return a
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}

// adopt watches a migration that is under way already.
func (m *move) adopt(ctx context.Context, a Assessment) ending {
	m.adopted = true
	m.join(ctx)
	m.start = time.Now().Add(-a.job.Elapsed)
	m.report.begin(m.start, Notice{Kind: NoticeAdopted, For: a.job.Elapsed})
	w := m.watch(PeerToPeer)
	if !a.connecting {
		w.seen = &a.job
	}
	inPostCopy := a.source.Is(StatePostCopySource) || a.destination.Is(StatePostCopy)
	w.machine.adopt(inPostCopy)
	if inPostCopy {
		m.report.enter(PhasePostCopy, Notice{Kind: NoticePostCopy})
	}
	return w.run(ctx)
}

// carryOut starts the migration and watches it: peer-to-peer, or direct where
// that is asked for or is the only way.
func (m *move) carryOut(ctx context.Context) ending {
	mode := m.firstMode()
	e := m.attempt(ctx, mode)
	if m.Mode != Auto || mode != PeerToPeer || !e.refusedAtOnce() {
		return e
	}
	untouched := m.untouched(ctx)
	switch {
	case ctx.Err() != nil:
		return m.cancelled(e)
	case !untouched:
		return e
	}
	m.report.say(Notice{Kind: NoticeDirect, Err: e.err})
	refusal := e.err
	e = m.attempt(ctx, Direct)
	e.refusal = refusal
	return e
}

// firstMode is the mode that is tried first.
func (m *move) firstMode() Mode {
	switch {
	case m.Mode != Auto:
		return m.Mode
	case m.PeerURI == "":
		m.report.say(Notice{Kind: NoticeDirect})
		return Direct
	}
	return PeerToPeer
}

// refusedAtOnce tells whether libvirt answered that a peer-to-peer migration failed before
// the destination was seen to prepare for the VM, and before anything was sent, whatever
// it gave as the reason. A direct migration may then be tried: where it is refused, too,
// nothing was lost.
func (e ending) refusedAtOnce() bool {
	answered := e.err != nil && !e.watched && e.unseen == nil && !Lost(e.err)
	return answered && e.verdict == none && !e.prepared && !e.figures.begun && !e.figures.mirrored &&
		!errors.Is(e.err, ErrBusy) && !errors.Is(e.err, ErrAborted)
}

// untouched tells whether the VM is as it was: it is seen on the source, where no job
// runs on it, and no process holds it on the destination.
func (m *move) untouched(ctx context.Context) bool {
	source, destination := m.observe(ctx)
	asBefore := source.Is(StateRunning, StateAsleep) || !m.ranBefore && source.Is(StatePaused)
	if !asBefore || !destination.Gone() {
		return false
	}
	job, err := ask(ctx, observeDeadline, func(ctx context.Context) (Job, error) { return m.Source.Job(ctx, m.UUID) })
	return err == nil && job.Type != JobRunning
}

// cancelled is the ending of a move that the caller cancels while no migration is
// watched. It is told at once: the observation of both hosts that follows takes a while.
func (m *move) cancelled(e ending) ending {
	m.tellCancelled()
	e.verdict, e.cancelled, e.elapsed = byCaller, true, time.Since(m.start)
	return e
}

func (m *move) tellCancelled() {
	m.report.enter(PhaseCancelling, Notice{Kind: NoticeCancelling, Cause: CausedByCaller})
}

func (m *move) attempt(ctx context.Context, mode Mode) ending {
	m.join(ctx)
	m.parameters = m.Parameters(m.domain)
	m.start = time.Now()
	m.report.begin(m.start, Notice{Kind: NoticeStarted, Mode: mode})
	w := m.watch(mode)
	w.machine.facts.ladder, w.machine.facts.share = m.ladder, newShareOrders(m.Request)
	w.runner = m.launch(ctx, mode, m.parameters, w.events)
	e := w.run(ctx)
	m.ladder = e.ladder
	return e
}

func (m *move) watch(mode Mode) *watch {
	return &watch{
		request: m.Request, report: m.report,
		machine: newMachine(mode, m.Policy, m.start, m.ranBefore, m.asleep),
		events:  make(chan event),
	}
}

// alreadyThere is the report of a move that has nothing to do.
func (m *move) alreadyThere(a Assessment) Report {
	r := Report{
		Subject: Subject{UUID: m.UUID, Name: m.Name, Destination: m.Destination.Name()},
		State:   a.destination.Domain.State, Policy: m.Policy,
	}
	r.brought(m.own, m.Destination, a.destination, a.idle, m.otherCopy())
	return r
}

// conclude observes both hosts and reports how the move went.
func (m *move) conclude(e ending) (Report, error) {
	m.report.enter(PhaseVerifying, Notice{Kind: NoticeVerifying})
	v := verification{
		request: m.Request, ranBefore: m.ranBefore, suspended: !e.pausing.IsZero(),
		foreign: !m.Recover && !e.mayHaveStopped(), withheld: m.withheld(e), recovery: m.recovery(e.mode, m.persistent),
		limit: verifyLimit,
	}
	if e.unseen != nil {
		v.limit = leftoverPatience // a host that is silent now has been waited for already
	}
	o := v.verify(m.own)
	// Whoever started an adopted migration may have asked for the guest to be left
	// paused (VIR_MIGRATE_PAUSED), or has suspended it while its post-copy was broken.
	leftSo := (m.adopted || m.Recover) && o.Destination.Domain.Reason == ReasonUser
	if o.arrived(m.ranBefore && !leftSo) {
		return m.arrived(o, e), nil
	}
	return Report{}, m.failed(o, e)
}

// arrived is the report of a move that succeeded, whatever had been asked for
// in the meantime.
func (m *move) arrived(o Outcome, e ending) Report {
	r := Report{
		Subject:   m.Subject(),
		Moved:     true,
		Adopted:   m.adopted,
		Recovered: m.Recover,
		State:     o.Destination.Domain.State,
		StartedAt: m.start,
		Duration:  e.elapsed,
		Mode:      e.mode,
		Phase:     phaseOf(e),
		Policy:    m.Policy,
	}
	if m.adopted {
		r.Mode = ""
	}
	var lost []Warning
	var carrying sync.WaitGroup
	carrying.Go(func() { lost = m.belongings.carry(m.own) })
	r.figuresOf(completed(m.own, m.Destination, m.UUID), e)
	r.DiskTotal = cmp.Or(m.Storage.bytes(), e.mirror.Total)
	switch {
	case e.cancelled && e.postCopy:
		r.warn(Warning{Kind: WarningUncancellable})
	case e.cancelled:
		r.warn(Warning{Kind: WarningTooLate})
	}
	if e.refusal != nil {
		r.warn(Warning{Kind: WarningDirect, Err: e.refusal})
	}
	if e.suspended && o.Destination.Is(StateRunning) {
		r.warn(Warning{Kind: WarningSuspended})
	}
	if (m.adopted || m.Recover) && o.Destination.Is(StatePaused) {
		r.warn(Warning{Kind: WarningPaused})
	}
	if m.asleep {
		r.warn(Warning{Kind: WarningAsleep})
	}
	if o.Source.Defined() {
		r.warn(Warning{Kind: WarningDefinition, Err: m.disableAutostart(m.own)})
	}
	if m.persistent && !o.Destination.Domain.Persistent {
		r.warn(Warning{Kind: WarningTransient})
	}
	carrying.Wait()
	r.Warnings = append(r.Warnings, lost...)
	r.Raises = e.ladder.raises
	if err := e.ladder.downtime.failed; err != nil {
		r.warn(Warning{Kind: WarningDowntime, Err: err})
	}
	if longest := r.brokenDowntime(); longest > 0 {
		r.warn(Warning{Kind: WarningLongDowntime, Longest: longest})
	}
	return r
}

// failed is the error of a move that did not succeed.
func (m *move) failed(o Outcome, e ending) error {
	o.Unstopped, o.Mirrored = errors.Is(e.unseen, errUnstopped) && e.taken, e.figures.mirrored
	o.Sent = e.begun && !e.taken && !e.aborted() && !errors.Is(e.err, errHalted)
	f := Failure{Course: m.course(e), Outcome: o}
	f.Lost = m.lost(o, e)
	if !o.Source.Gone() {
		if err := m.downtime.restore(m.own); err != nil {
			f.Downtime = &StaleDowntime{Milliseconds: int64(m.downtime.wanted), Before: *m.downtime.before, Err: err}
		}
	}
	return diagnose(f)
}

// lost is what the VM has lost by a move that failed: it may be on the destination, or get
// there, all the same.
func (m *move) lost(o Outcome, e ending) []Warning {
	switch o.Place() {
	case OnSource, PausedOnSource:
		return nil
	case OnDestination, PausedOnDestination:
		return m.belongings.carry(m.own)
	case OnBoth, OnNeither, PausedOnBoth, SplitMemory, FetchingMemory, Unknown:
	}
	if !e.begun {
		return nil
	}
	return m.belongings.left()
}

// refused is the error of a move that was not started.
func (m *move) refused(a Assessment) error {
	return &PreflightError{
		Findings: a.Errors(),
		Failure: Failure{
			Outcome: Outcome{
				UUID: m.UUID, Name: m.Name, Source: a.source, Destination: a.destination,
				Migrating: a.job.migratesOut(), Untouched: true, Recovering: m.Recover,
			},
		},
	}
}

// cancelledEarly is the error of a move that was cancelled before it began.
func (m *move) cancelledEarly() error {
	m.tellCancelled()
	o := Outcome{UUID: m.UUID, Name: m.Name, Untouched: true, Recovering: m.Recover}
	o.Source, o.Destination = m.observe(m.own)
	return &CancelledError{Failure: Failure{Outcome: o}}
}

package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	// start is when the job started, ranBefore whether the guest ran then or was
	// asleep, asleep whether it was.
	start             time.Time
	ranBefore, asleep bool
	adopted           bool
	// persistent is true when the source kept a definition of the domain.
	persistent bool
}

// Run moves a VM, and returns when that is over and both hosts were looked at.
// It returns an error unless the VM was seen on the destination and seen to be
// gone from the source; the error is a Diagnosis.
//
// A migration to the same destination that is under way already is watched to
// its end instead. Cancelling ctx cancels the migration, which takes a few
// seconds, as long as that does not endanger the VM: not any more in post-copy.
//
// report is called from the calling goroutine, and not after Run has returned.
// It may be nil.
func Run(ctx context.Context, r Request, report func(Progress)) (Report, error) {
	m := &move{Request: r, own: context.WithoutCancel(ctx), report: newReporter(r.Source.Name(), r.Destination.Name(), report), start: time.Now()}
	a := m.assess(ctx)
	switch {
	case ctx.Err() != nil:
		return Report{}, m.cancelledEarly()
	case a.AlreadyThere:
		return m.alreadyThere(a), nil
	case len(a.Errors()) > 0:
		return Report{}, m.refused(a)
	}
	for _, warning := range a.Warnings() {
		m.report.warning(warning.String())
	}
	m.ranBefore = a.ranBefore()
	m.asleep = a.source.Is(StateAsleep)
	m.persistent = a.source.Domain.Persistent
	if a.Running {
		return m.conclude(m.adopt(ctx, a))
	}
	m.parameters = r.parameters(a.source.Domain)
	m.downtime = &downtime{request: r}
	m.downtime.prepare(ctx)
	if ctx.Err() != nil {
		return m.conclude(ending{verdict: byCaller, watched: true})
	}
	e := m.carryOut(ctx)
	if errors.Is(e.err, ErrBusy) && e.verdict == none {
		// Someone else was quicker to start a migration; it may be the wanted one.
		if a := m.assess(ctx); a.Running {
			e = m.adopt(ctx, a)
		}
	}
	return m.conclude(e)
}

// assess makes the checks, and waits a little for what passes by itself.
func (m *move) assess(ctx context.Context) Assessment {
	deadline := time.Now().Add(adoptionPatience)
	for {
		a := Preflight(ctx, m.Request)
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
	m.start = time.Now().Add(-a.job.Elapsed)
	m.report.adopting(m.start, a.job.Elapsed)
	w := m.watch(PeerToPeer)
	w.seen = &a.job
	inPostCopy := a.source.Is(StatePostCopySource) || a.destination.Is(StatePostCopy)
	w.machine.adopt(inPostCopy)
	if inPostCopy {
		m.report.postCopy("the migration is in post-copy", false)
	}
	return w.run(ctx)
}

// carryOut starts the migration and watches it: peer-to-peer, or direct where
// that is asked for or is the only way.
func (m *move) carryOut(ctx context.Context) ending {
	mode := m.Mode
	if mode == Auto {
		mode = PeerToPeer
		if m.PeerURI == "" {
			mode = Direct
			m.report.directWithoutPeer()
		}
	}
	e := m.attempt(ctx, mode)
	if m.Mode == Auto && mode == PeerToPeer && m.canGoDirect(e) {
		m.report.directAfter(e.err)
		e = m.attempt(ctx, Direct)
	}
	return e
}

// canGoDirect tells whether a peer-to-peer migration ended before it sent
// anything, because the source's libvirt did not reach the destination's.
func (m *move) canGoDirect(e ending) bool {
	if !errors.Is(e.err, ErrPeerUnreachable) || e.verdict != none || e.figures.begun {
		return false
	}
	source, destination := m.look(m.own, lookDeadline)
	return source.Is(StateRunning, StateAsleep, StatePaused) && destination.Gone()
}

func (m *move) attempt(ctx context.Context, mode Mode) ending {
	m.start = time.Now()
	m.report.departing(m.start, mode)
	w := m.watch(mode)
	w.runner = m.launch(ctx, mode, m.parameters, w.events)
	return w.run(ctx)
}

func (m *move) watch(mode Mode) *watch {
	return &watch{
		request: m.Request, report: m.report, downtime: m.downtime,
		machine: newMachine(mode, m.Policy, m.start, m.ranBefore, m.asleep),
		events:  make(chan event), downtimeSet: make(chan error),
	}
}

// alreadyThere is the report of a move that has nothing to do. A migration that
// ended unwatched, because its client was killed, is told of by what libvirt
// still knows of it.
func (m *move) alreadyThere(a Assessment) Report {
	r := Report{Destination: m.Destination.Name(), State: a.destination.Domain.State, Policy: m.Policy}
	if completed := m.completed(); completed != nil {
		r.Unwatched = true
		r.figuresOf(completed, ending{})
	}
	o := Outcome{UUID: m.UUID, Name: m.Name}
	switch {
	case a.stranded(a.destination):
		r.warn("%s", m.strandedOn(m.Destination.Name()))
	case a.destination.Is(StateCrashed):
		r.warn("%s", o.remedyCrashed(a.destination))
	}
	return r
}

// completed is what the destination's libvirt says of the migration that
// brought the domain; nil when it does not know of one.
func (m *move) completed() *Job {
	job, err := ask(m.own, callDeadline, func(ctx context.Context) (Job, error) { return m.Destination.CompletedJob(ctx, m.UUID) })
	if err != nil || job.Type != JobCompleted || job.Operation != OperationMigrationIn {
		return nil
	}
	return &job
}

// conclude looks at both hosts and says how the move went.
func (m *move) conclude(e ending) (Report, error) {
	m.report.verifying()
	v := verification{
		request: m.Request, ranBefore: m.ranBefore, suspended: !e.pausing.IsZero(),
		foreign: !e.mayHaveStopped(), withheld: m.withheld(e), recovery: m.recovery(e.mode, m.persistent), limit: verifyLimit,
	}
	if e.unseen != nil {
		v.limit = leftoverPatience // a host that is silent now has been waited for already
	}
	o := v.verify(m.own)
	// Whoever started an adopted migration may have asked for the guest to be left
	// paused (VIR_MIGRATE_PAUSED).
	leftSo := m.adopted && o.Destination.Domain.Reason == ReasonUser
	if o.arrived(m.ranBefore && !leftSo) {
		return m.arrived(o, e), nil
	}
	return Report{}, m.failed(o, e)
}

// arrived is the report of a move that succeeded, whatever had been asked for
// in the meantime.
func (m *move) arrived(o Outcome, e ending) Report {
	r := Report{
		Moved:       true,
		Adopted:     m.adopted,
		Source:      m.Source.Name(),
		Destination: m.Destination.Name(),
		State:       o.Destination.Domain.State,
		StartedAt:   m.start,
		Duration:    e.elapsed,
		Mode:        e.mode,
		Phase:       phaseOf(e),
		Policy:      m.Policy,
	}
	if m.adopted {
		r.Mode = ""
	}
	r.figuresOf(m.completed(), e)
	switch {
	case e.cancelled && e.postCopy:
		r.warn("It was cancelled when it was in post-copy, which can not be called off without losing the VM. It was waited for, and the VM is %s on %s.", o.Destination.Domain.State, m.Destination.Name())
	case e.cancelled:
		r.warn("It was cancelled too late to be called off: the VM is %s on %s.", o.Destination.Domain.State, m.Destination.Name())
	}
	if m.adopted && o.Destination.Is(StatePaused) {
		r.warn("The VM is paused on %s: it was before, or the migration was asked to leave it so. `virsh resume %s` there lets it run.", m.Destination.Name(), m.UUID)
	}
	if m.asleep {
		r.warn("The guest was asleep (pmsuspended) when its move began, and the move does not wake it: `virsh dompmwakeup %s` on %s does, also where libvirt there says that it is running.", m.UUID, m.Destination.Name())
	}
	if o.Source.Defined() {
		r.warn("%s keeps a shut-off definition of the VM. It must not be started: remove it with `virsh undefine --keep-nvram --keep-tpm %s` there.", m.Source.Name(), m.UUID)
	}
	if m.persistent && !o.Destination.Domain.Persistent {
		r.warn("The VM was persistent and is transient on %s: its definition is lost when it is shut down. `virsh dumpxml %s` and `virsh define` there keep it.", m.Destination.Name(), m.UUID)
	}
	if m.downtime != nil && m.downtime.failed != nil {
		r.warn("max_downtime_ms %s: %s.", notDone(m.downtime.failed, "set"), m.downtime.failed)
	}
	return r
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// failed is the error of a move that did not succeed.
func (m *move) failed(o Outcome, e ending) error {
	o.Unstopped = errors.Is(e.unseen, errUnstopped) && e.taken
	o.sent = e.begun && !e.taken && !e.aborted() && !errors.Is(e.err, errHalted)
	f := Failure{Outcome: o, cause: e.err}
	if !o.Source.Gone() {
		if err := m.downtime.restore(m.own); err != nil {
			f.Notes = append(f.Notes, fmt.Sprintf("The guest's longest pause for a switch-over, %d ms from max_downtime_ms, %s to %d ms: %s.",
				*m.Policy.MaxDowntimeMS, notDone(err, "set back"), *m.downtime.before, err))
		}
	}
	return m.diagnose(e, f)
}

// refused is the error of a move that was not started.
func (m *move) refused(a Assessment) error {
	findings := a.Errors()
	lines := make([]string, len(findings))
	var causes []error
	for i, finding := range findings {
		lines[i] = "  - " + finding.String()
		causes = append(causes, finding.Err)
	}
	return &PreflightError{
		Findings: findings,
		Failure: Failure{
			Happened: fmt.Sprintf("The migration of VM %s from %s to %s was not started:\n%s", m.Name, m.Source.Name(), m.Destination.Name(), strings.Join(lines, "\n")),
			Outcome:  Outcome{UUID: m.UUID, Name: m.Name, Source: a.source, Destination: a.destination, Migrating: a.job.migratesOut(), Untouched: true},
			cause:    errors.Join(causes...),
		},
	}
}

// cancelledEarly is the error of a move that was cancelled before it began.
func (m *move) cancelledEarly() error {
	o := Outcome{UUID: m.UUID, Name: m.Name, Untouched: true}
	o.Source, o.Destination = m.look(m.own, lookDeadline)
	return &CancelledError{Failure{
		Happened: fmt.Sprintf("The migration of VM %s from %s to %s was cancelled before it was started.", m.Name, m.Source.Name(), m.Destination.Name()),
		Outcome:  o,
	}}
}

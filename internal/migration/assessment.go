package migration

import (
	"context"
	"errors"
	"sync"
)

// Assessment is what Assess found.
type Assessment struct {
	// Findings has everything that speaks against the migration.
	Findings []Finding
	// AlreadyThere is true when the VM is on the destination and nowhere else.
	AlreadyThere bool
	// Running is true when the wanted migration is under way already.
	Running bool

	subject             Subject
	source, destination Observation
	identities          [2]Identity // of the source and of the destination
	asked               bool
	// job is what runs on the source; idle is true when that said that nothing does.
	job  Job
	idle bool
	// connecting is true for a wanted migration that connects to the destination, and of
	// whose job nothing is known.
	connecting bool
	// passing is true when a finding may pass by itself: a migration whose destination
	// is not known yet, or what one leaves that has just ended.
	passing bool
}

// Errors lists the findings that prevent a migration.
func (a Assessment) Errors() []Finding {
	return a.filter(func(f Finding) bool { return !f.Warning })
}

// Warnings lists the findings that do not prevent a migration.
func (a Assessment) Warnings() []Finding {
	return a.filter(func(f Finding) bool { return f.Warning })
}

// Certain lists the errors for which a plan can refuse the move: they will not have
// changed when it is made.
func (a Assessment) Certain() []Finding {
	return a.filter(func(f Finding) bool { return f.Lasting && !f.Warning })
}

// Uncertain lists what a plan can only warn of, because it may have changed when the
// move is made.
func (a Assessment) Uncertain() []Finding {
	return a.filter(func(f Finding) bool { return !f.Lasting || f.Warning })
}

func (a Assessment) filter(keep func(Finding) bool) []Finding {
	var kept []Finding
	for _, f := range a.Findings {
		if keep(f) {
			kept = append(kept, f)
		}
	}
	return kept
}

func (a *Assessment) add(f Finding) {
	f.Subject = a.subject
	a.Findings = append(a.Findings, f)
}

// Fit tells whether nothing speaks against a start, and the migration is still to be made.
func (a Assessment) Fit() bool { return !a.AlreadyThere && !a.Running && len(a.Errors()) == 0 }

// Passing tells whether a finding may pass by itself, which a move waits for.
func (a Assessment) Passing() bool { return a.passing }

// Asked tells whether both hosts answered, and said that they are two.
func (a Assessment) Asked() bool { return a.asked }

// Source is what the source said of the domain.
func (a Assessment) Source() Observation { return a.source }

// Destination is what the destination said of the VM.
func (a Assessment) Destination() Observation { return a.destination }

// Identities are who the two hosts are. They hold where both answered.
func (a Assessment) Identities() (source, destination Identity) {
	return a.identities[0], a.identities[1]
}

// Busy tells whether a job runs on the domain, or is not known not to.
func (a Assessment) Busy() bool {
	for _, f := range a.Findings {
		if f.Check == CheckJob {
			return true
		}
	}
	return false
}

// Idle tells whether the source said that no job runs on the domain.
func (a Assessment) Idle() bool { return a.idle }

// Assess makes the checks that the engine itself needs to begin safely. It changes
// nothing, and asks each host within deadlines of its own.
func Assess(ctx context.Context, r Request) Assessment {
	a := Assessment{subject: r.Subject()}
	source, destination := probeBoth(ctx, r)
	a.source, a.destination = source.domain, destination.domain
	a.identities = [2]Identity{source.identity, destination.identity}
	a.checkAnswers(source, destination)
	if a.unanswered() {
		return a
	}
	if same := source.identity.HostUUID; same != "" && same == destination.identity.HostUUID {
		a.add(Finding{Check: CheckHosts, Fact: oneUUID(source.identity, destination.identity), Lasting: true})
		return a
	}
	a.asked = true
	if r.Definition {
		a.checkDefinition(r)
		return a
	}
	if r.Recover {
		a.checkParts(r)
		return a
	}
	if a.source.Gone() && a.destination.Is(StateRunning, StateAsleep, StatePaused, StateCrashed) {
		a.arrived(ctx, r)
		return a
	}
	a.checkState(r)
	if !a.source.Is(StateRunning, StateAsleep, StatePaused, StatePostCopySource) {
		return a
	}
	a.checkJob(ctx, r)
	a.checkStranded(r)
	return a
}

// oneUUID tells one host under two names from two with one UUID, which libvirt takes from
// the machine's firmware.
func oneUUID(source, destination Identity) Fact {
	if source.Hostname != destination.Hostname {
		return SameUUID{source, destination}
	}
	return SameHost{source}
}

// probe is what one host first said.
type probe struct {
	identity Identity
	domain   Observation
	err      error
}

func probeBoth(ctx context.Context, r Request) (source, destination probe) {
	var both sync.WaitGroup
	both.Go(func() { source = probeHost(ctx, r.Source, r.UUID) })
	both.Go(func() { destination = probeHost(ctx, r.Destination, r.UUID) })
	both.Wait()
	return source, destination
}

func probeHost(ctx context.Context, host Host, uuid string) probe {
	ctx, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	var p probe
	var both sync.WaitGroup
	both.Go(func() { p.identity, p.err = host.Identity(ctx) })
	both.Go(func() { p.domain = observe(ctx, host, uuid) })
	both.Wait()
	switch {
	case p.err != nil:
		return probe{err: p.err, domain: Observation{Host: host.Name(), Err: p.err}}
	case !p.domain.Known():
		return probe{err: p.domain.Err, domain: p.domain}
	}
	return p
}

func (a *Assessment) checkAnswers(probes ...probe) {
	for _, p := range probes {
		if p.err != nil {
			a.add(Finding{Check: CheckAnswers, Fact: NoAnswer{}, Host: p.domain.Host, Err: p.err})
		}
	}
}

func (a *Assessment) unanswered() bool { return !a.source.Known() || !a.destination.Known() }

// checkState looks at what the domain does on both hosts.
func (a *Assessment) checkState(r Request) {
	switch {
	case a.source.Is(StatePostCopyFailed) || a.destination.Is(StatePostCopyFailed):
		a.add(Finding{Check: CheckState, Fact: BrokenPostCopy{a.outcome(r)}, Host: a.source.Host})
	case !a.source.Is(StateRunning, StateAsleep, StatePaused, StatePostCopySource):
		// The two hosts are not asked at the very same moment.
		a.passing = a.source.Migrated() || errors.Is(a.source.Err, ErrNoDomain)
		a.add(Finding{Check: CheckState, Fact: NotRunning{a.source}, Host: a.source.Host, Err: a.source.Err})
	case a.destination.Is(StateRunning, StateAsleep, StatePaused, StateCrashed):
		a.add(Finding{Check: CheckOneHome, Fact: TwoHomes{a.outcome(r)}})
	}
}

func (a *Assessment) outcome(r Request) Outcome {
	return Outcome{
		UUID: r.UUID, Name: r.Name, Source: a.source, Destination: a.destination, Recovering: r.Recover,
		Recovery: r.recovery(r.Mode, a.source.Domain.Persistent),
	}
}

// jobHeld tells whether a call holds the job on the source, which then answers nothing about
// it: with an incoming domain on the destination, a migration that connects to it.
func jobHeld(ctx context.Context, r Request) bool {
	held, err := ask(ctx, observeDeadline, func(ctx context.Context) (bool, error) {
		return r.Source.JobHeld(ctx, r.UUID)
	})
	return err == nil && held
}

// checkJob looks for a job on the domain, and tells the wanted migration from
// any other one by the host that holds the incoming domain.
func (a *Assessment) checkJob(ctx context.Context, r Request) {
	job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return r.Source.Job(ctx, r.UUID) })
	a.job = job
	here, there := r.Source.Name(), r.Destination.Name()
	unknown := err != nil && !errors.Is(err, ErrNotActive) && !errors.Is(err, ErrNoDomain)
	switch {
	case unknown && a.destination.Is(StateIncoming) && !r.Rival && jobHeld(ctx, r):
		a.Running, a.connecting = true, true
	case unknown:
		a.add(Finding{Check: CheckJob, Fact: JobUnknown{}, Host: here, Err: err})
	case err != nil || job.Type != JobRunning:
		a.idle = err == nil
		if a.destination.Is(StateIncoming) {
			a.passing = true
			a.add(Finding{Check: CheckJob, Fact: IncomingLeft{}, Host: there})
		}
	case !job.migratesOut():
		a.add(Finding{Check: CheckJob, Fact: OtherJob{}, Host: here})
	case a.destination.Is(StateIncoming, StatePostCopy) && r.Rival:
		a.add(Finding{Check: CheckJob, Fact: RivalMigration{}, Host: here})
	case a.destination.Is(StateIncoming, StatePostCopy):
		a.Running = true
	default:
		a.passing = true
		a.add(Finding{Check: CheckJob, Fact: OtherMigration{}, Host: here})
	}
}

// arrived notes that the VM is on the destination already.
func (a *Assessment) arrived(ctx context.Context, r Request) {
	a.AlreadyThere = true
	a.idle = idle(ctx, r.Destination, a.destination)
}

// ranBefore tells whether the guest ran, or was asleep, before the migration that is to
// be made or adopted: then it must not stay paused after it. A guest that an adopted
// migration has stopped ran before: it was stopped for the switch-over, or by a suspend,
// which libvirt then takes for a part of the migration (qemuDomainSuspend). One that was
// paused before keeps its reason.
func (a *Assessment) ranBefore() bool {
	return a.source.Is(StateRunning, StateAsleep, StatePostCopySource) ||
		a.Running && a.source.Is(StatePaused) && a.source.Domain.Reason == ReasonMigration
}

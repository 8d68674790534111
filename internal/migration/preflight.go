package migration

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Check names one thing that is looked at before a migration starts.
type Check string

// The checks.
const (
	CheckPolicy   Check = "policy"
	CheckMode     Check = "mode"
	CheckAnswers  Check = "libvirt answers"
	CheckHosts    Check = "different hosts"
	CheckState    Check = "domain state"
	CheckOneHome  Check = "runs on one host"
	CheckJob      Check = "no other job"
	CheckCPU      Check = "guest CPU"
	CheckMemory   Check = "memory"
	CheckVersions Check = "versions"
)

// Finding is one thing that speaks against a migration.
type Finding struct {
	Check Check
	// Host is the host it was found on; empty when it is on none.
	Host string
	// Field is the policy field at fault; only with CheckPolicy.
	Field policy.Field
	// Detail is a sentence that says what was found and what would be right.
	Detail string
	// Warning is true when the migration may well succeed nevertheless.
	Warning bool
	// Lasting is true when it will be just the same when the move is made later,
	// so that a plan can refuse it.
	Lasting bool
	// Err is the host's error behind it, or nil.
	Err error
}

// String is the finding as one line.
func (f Finding) String() string {
	where := ""
	if f.Host != "" {
		where = " on " + f.Host
	}
	return fmt.Sprintf("%s%s: %s", f.Check, where, f.Detail)
}

// Assessment is what Preflight found.
type Assessment struct {
	// Findings has everything that speaks against the migration.
	Findings []Finding
	// AlreadyThere is true when the VM is on the destination and nowhere else.
	AlreadyThere bool
	// Running is true when the wanted migration is under way already.
	Running bool

	source, destination Sighting
	// job is what runs on the source; idle is true when that said that nothing does.
	job  Job
	idle bool
	// passing is true when what was found may pass by itself: a migration whose
	// destination can not be told yet, or what one leaves that has just ended.
	passing bool
}

// Errors lists what a migration must not be started against.
func (a Assessment) Errors() []Finding {
	return a.filter(func(f Finding) bool { return !f.Warning })
}

// Warnings lists what a migration can be started in spite of.
func (a Assessment) Warnings() []Finding {
	return a.filter(func(f Finding) bool { return f.Warning })
}

// Certain lists what a plan can refuse: it will be just the same later.
func (a Assessment) Certain() []Finding {
	return a.filter(func(f Finding) bool { return f.Lasting && !f.Warning })
}

// Uncertain lists what a plan can only warn of: it may have changed when the
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

func (a *Assessment) add(f Finding) { a.Findings = append(a.Findings, f) }

// Preflight looks at everything that can be known before a migration starts. It
// changes nothing, and asks each host within deadlines of its own.
func Preflight(ctx context.Context, r Request) Assessment {
	var a Assessment
	a.checkRequest(r)
	if r.Source.Name() == r.Destination.Name() {
		a.assessSameHost(ctx, r)
		return a
	}
	source, destination := probeBoth(ctx, r)
	a.source, a.destination = source.domain, destination.domain
	a.checkAnswers(source, destination)
	if a.unanswered() {
		return a
	}
	if same := source.identity.HostUUID; same != "" && same == destination.identity.HostUUID {
		a.add(Finding{Check: CheckHosts, Lasting: true, Detail: fmt.Sprintf(
			"%s and %s are the same host (%s, host UUID %s).", r.Source.Name(), r.Destination.Name(), source.identity.Hostname, same)})
		return a
	}
	if a.source.Gone() && a.destination.Is(StateRunning, StateAsleep, StatePaused, StateCrashed) {
		a.arrived(ctx, r)
		return a
	}
	a.checkState(r)
	a.checkVersions(r, source.identity, destination.identity)
	if !a.source.Is(StateRunning, StateAsleep, StatePaused, StatePostCopySource) {
		return a
	}
	a.checkJob(ctx, r)
	a.checkStranded(r)
	if !a.Running {
		a.checkGuest(ctx, r)
	}
	return a
}

// checkRequest looks at what needs no host.
func (a *Assessment) checkRequest(r Request) {
	for _, conflict := range r.Policy.Conflicts() {
		a.add(Finding{Check: CheckPolicy, Field: conflict.Field, Detail: fmt.Sprintf("%s (%s, from %s): %s",
			conflict.Field, r.Policy.Text(conflict.Field), r.Policy.Origins[conflict.Field], conflict.Text)})
	}
	if r.Mode == PeerToPeer && r.PeerURI == "" {
		a.add(Finding{Check: CheckMode, Host: r.Destination.Name(), Lasting: true, Detail: fmt.Sprintf(
			"%s can not be reached by other hosts' libvirt: its uri is a local one and it has no peer_uri. Set peer_uri, or take the mode direct or auto.", r.Destination.Name())})
	}
}

// assessSameHost looks at a VM that is asked to be where it is.
func (a *Assessment) assessSameHost(ctx context.Context, r Request) {
	ctx, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	a.destination = sight(ctx, r.Destination, r.UUID)
	a.source = Sighting{Host: r.Source.Name(), Err: ErrNoDomain}
	switch {
	case a.destination.Is(StateRunning, StateAsleep, StatePaused, StateCrashed):
		a.arrived(ctx, r)
	case !a.destination.Known():
		a.add(silent(r.Destination.Name(), a.destination.Err))
	default:
		a.add(inactive(r, a.destination))
	}
}

// probe is what one host first said.
type probe struct {
	identity Identity
	domain   Sighting
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
	identity, err := host.Identity(ctx)
	if err != nil {
		return probe{err: err, domain: Sighting{Host: host.Name(), Err: err}}
	}
	domain := sight(ctx, host, uuid)
	if !domain.Known() {
		return probe{err: domain.Err, domain: domain}
	}
	return probe{identity: identity, domain: domain}
}

func (a *Assessment) checkAnswers(probes ...probe) {
	for _, p := range probes {
		if p.err != nil {
			a.add(silent(p.domain.Host, p.err))
		}
	}
}

func (a *Assessment) unanswered() bool { return !a.source.Known() || !a.destination.Known() }

func silent(host string, err error) Finding {
	return Finding{Check: CheckAnswers, Host: host, Err: err, Detail: fmt.Sprintf("libvirt on %s does not answer: %s.", host, err)}
}

// inactive is the finding that a domain can not be moved live as it is.
func inactive(r Request, s Sighting) Finding {
	f := Finding{Check: CheckState, Host: s.Host, Err: s.Err}
	o := Outcome{UUID: r.UUID, Name: r.Name, Source: s}
	switch {
	case errors.Is(s.Err, ErrNoDomain):
		f.Detail = fmt.Sprintf("VM %s does not exist there any more.", r.Name)
	case s.migrated():
		f.Detail = fmt.Sprintf("VM %s was migrated away from %s, and none of the hosts that were asked runs it: only a definition is left there (shut off, migrated). "+
			"Look for it on other hosts, and do not start that definition before it is certain that it runs nowhere.", r.Name, s.Host)
	case s.Is(StateShutOff):
		f.Detail = fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live. Start it there first.", r.Name, s.Host, s.Domain.State)
	case s.Is(StateCrashed):
		f.Detail = fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live. %s", r.Name, s.Host, s.Domain.State, o.remedyCrashed(s))
	default:
		f.Detail = fmt.Sprintf("VM %s is not at home on %s (%s).", r.Name, s.Host, s.Domain.State)
	}
	return f
}

// checkState looks at what the domain does on both hosts.
func (a *Assessment) checkState(r Request) {
	switch {
	case a.source.Is(StatePostCopyFailed) || a.destination.Is(StatePostCopyFailed):
		left := Outcome{UUID: r.UUID, Name: r.Name, Source: a.source, Destination: a.destination, recovery: r.recovery(r.Mode, a.source.Domain.Persistent)}
		a.add(Finding{Check: CheckState, Host: a.source.Host, Detail: fmt.Sprintf(
			"A post-copy migration of VM %s lost its link. %s", r.Name, left.remedy())})
	case !a.source.Is(StateRunning, StateAsleep, StatePaused, StatePostCopySource):
		a.passing = a.source.migrated() || errors.Is(a.source.Err, ErrNoDomain) // the two hosts are not asked at the very same moment
		a.add(inactive(r, a.source))
	case a.destination.Is(StateRunning, StateAsleep, StatePaused, StateCrashed):
		a.add(Finding{Check: CheckOneHome, Detail: fmt.Sprintf(
			"VM %s is %s on %s and %s on %s. Compare `virsh domstate --reason %s` on both hosts, decide which copy to keep, and end the other one with `virsh destroy %s`.",
			r.Name, a.source.Domain.State, a.source.Host, a.destination.Domain.State, a.destination.Host, r.UUID, r.UUID)})
	}
}

// checkJob looks for a job on the domain, and tells the wanted migration from
// any other one by the host that holds the receiving half.
func (a *Assessment) checkJob(ctx context.Context, r Request) {
	job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return r.Source.Job(ctx, r.UUID) })
	a.job = job
	switch {
	case err != nil && !errors.Is(err, ErrNotActive) && !errors.Is(err, ErrNoDomain):
		a.add(Finding{Check: CheckJob, Host: r.Source.Name(), Err: err, Detail: fmt.Sprintf("Whether another job runs on VM %s can not be told: %s.", r.Name, err)})
	case err != nil || job.Type != JobRunning:
		a.idle = err == nil
		if a.destination.Is(StateIncoming) {
			a.passing = true
			a.add(Finding{Check: CheckJob, Host: r.Destination.Name(), Detail: fmt.Sprintf(
				"%s still holds the receiving half of a migration of VM %s that has ended. libvirt removes it once it has noticed the end.", r.Destination.Name(), r.Name)})
		}
	case !job.migratesOut():
		a.add(Finding{Check: CheckJob, Host: r.Source.Name(), Detail: fmt.Sprintf(
			"Another job runs on VM %s: see `virsh domjobinfo %s` on %s. It must end first.", r.Name, r.UUID, r.Source.Name())})
	case a.destination.Is(StateIncoming, StatePostCopy) && r.Rival:
		a.add(Finding{Check: CheckJob, Host: r.Source.Name(), Detail: fmt.Sprintf(
			"A migration of VM %s is under way already, and more than one host holds a receiving half: whether it goes to %s can not be told. "+
				"Nothing was started beside it; `virsh domjobabort %s` on %s would call it off.", r.Name, r.Destination.Name(), r.UUID, r.Source.Name())})
	case a.destination.Is(StateIncoming, StatePostCopy):
		a.Running = true
	default:
		a.passing = true
		a.add(Finding{Check: CheckJob, Host: r.Source.Name(), Detail: fmt.Sprintf(
			"A migration of VM %s is under way already, and %s does not hold its receiving half: it goes elsewhere, or is just about to start. "+
				"Nothing was started beside it; `virsh domjobabort %s` on %s would call it off.", r.Name, r.Destination.Name(), r.UUID, r.Source.Name())})
	}
}

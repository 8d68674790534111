package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Recovery asks for the rest of the memory of a VM whose post-copy has lost its link.
type Recovery struct {
	// VM is its name or UUID.
	VM string
	// Reading, when not nil, is called as report is, with each reading of the running job.
	Reading func(migration.Reading)
}

// Recover finds both parts of a VM whose post-copy has lost its link, and sends the rest of the
// memory from its source to its destination, as the move was made by the VM's history. A VM that is
// whole is left alone: Moved.Report is not Moved then. report is called as for Move.
//
// The error is a migration.Diagnosis, a *PartMissingError, a *NoPostCopyError, a
// *BrokenPostCopyError where it is not clear which part is whose, or what finding the VM or reading
// its records came to.
func (f *Fleet) Recover(ctx context.Context, r Recovery, report func(Progress)) (Moved, error) {
	defer f.census.forget()
	w, err := f.seekParts(ctx, r.VM)
	if err != nil {
		return Moved{}, err
	}
	found, home, err := tellParts(w, f.operations(ctx, w))
	switch {
	case err != nil:
		return Moved{}, err
	case home != nil:
		return Moved{Location: *home, Report: whole(*home)}, nil
	}
	place, err := f.places.EnterRun(ctx, found.subject(), func(wait places.Wait) {
		report(Progress{Progress: migration.Progress{Subject: found.subject()}, Waiting: wait})
	})
	if err != nil {
		return Moved{}, found.cancelled(err)
	}
	defer place.Leave(ctx)
	moved := Moved{Location: found.location()}
	request, entry, err := f.recovery(ctx, found)
	if err != nil {
		return Moved{}, &UnresolvedError{Location: found.location(), Err: err}
	}
	request.Reading = r.Reading
	shared := f.budgets.Sharer(found.subject(), request.Policy)
	defer shared.Leave()
	defer shared.CountOthers(ctx, f.others)()
	if shared != nil {
		request.Budget = shared
	}
	moved.Report, err = migration.Run(ctx, request, func(p migration.Progress) { report(Progress{Progress: p}) })
	if err != nil {
		f.observeElsewhere(ctx, request, err)
		entry.conclude(moved.Report, err) // in the history it stays open: the next recovery may complete it
	} else {
		entry.end(ctx, moved.Report, nil)
	}
	moved.Entry, moved.HistoryErr = entry.Entry, entry.failure
	return moved, err
}

// recovery is how the parts are brought together: between the hosts as they are configured, in the
// mode and under the policy that the VM's history has of the move, which is entry. What it does not
// have is what holds now.
func (f *Fleet) recovery(ctx context.Context, p parts) (migration.Request, *moveEntry, error) {
	source, err := f.host(p.source.Host)
	if err != nil {
		return migration.Request{}, nil, err
	}
	destination, err := f.host(p.destination.Host)
	if err != nil {
		return migration.Request{}, nil, err
	}
	entry := entryUnderWay(ctx, p.source.Domain.UUID, source, destination)
	under := entry.Policy
	if len(under.Origins) == 0 {
		if under, err = f.policyOf(ctx, p.source); err != nil {
			return migration.Request{}, nil, err
		}
	}
	mode := migration.Auto
	if entry.Mode != "" {
		mode = migration.Mode(entry.Mode)
	}
	return migration.Request{
		UUID: p.source.Domain.UUID, Name: p.source.Domain.Name, Source: source, Destination: destination,
		PeerURI: destination.PeerURI(), MigrationURI: destination.MigrationURI(),
		ListenAddress: destination.ListenAddress(), TLSDestination: destination.TLSDestination(),
		Mode: mode, Recover: true, Policy: under,
	}, entry, nil
}

// policyOf is the policy that holds for a VM where it was seen.
func (f *Fleet) policyOf(ctx context.Context, seen migration.Observation) (policy.Effective, error) {
	record, err := f.readVM(ctx, Location{Host: seen.Host, Domain: seen.Domain})
	if err != nil {
		return policy.Effective{}, err
	}
	resolution, err := f.resolveRecord(ctx, record, policy.Policy{})
	return resolution.Policy, err
}

// entryUnderWay is the entry of the move between two hosts that a VM's history has open, on either of
// them; its ID is empty where there is none.
func entryUnderWay(ctx context.Context, vm string, source, destination *host.Host) *moveEntry {
	e := &moveEntry{vm: vm, source: source, destination: destination}
	from, _ := source.UUID(ctx)
	to, _ := destination.UUID(ctx)
	if from == "" || to == "" {
		return e
	}
	for _, h := range []*host.Host{source, destination} {
		past, err := historyOn(ctx, h, vm)
		if err != nil {
			continue
		}
		if open := past.UnderWay(from, to, ""); open != nil {
			e.Entry, e.begun = *open, true
			return e
		}
	}
	return e
}

// sinceStart is how long a move took from its start to its end, in milliseconds: also the time
// without a link.
func sinceStart(e history.Entry) int64 { return e.EndedAt.Sub(e.StartedAt).Milliseconds() }

// whole is the report of a VM that has nothing to be recovered.
func whole(home Location) migration.Report {
	return migration.Report{
		Subject: migration.Subject{UUID: home.Domain.UUID, Name: home.Domain.Name, Destination: home.Host},
		State:   home.Domain.State,
	}
}

func (p parts) subject() migration.Subject {
	d := p.source.Domain
	return migration.Subject{UUID: d.UUID, Name: d.Name, Source: p.source.Host, Destination: p.destination.Host}
}

func (p parts) location() Location {
	return Location{Host: p.destination.Host, Domain: p.destination.Domain, FetchesFrom: p.source.Host}
}

// cancelled is the error of a recovery that was cancelled while it waited for its turn.
func (p parts) cancelled(cause error) error {
	e := &migration.CancelledError{Err: cause}
	e.Outcome = migration.Outcome{
		UUID: p.source.Domain.UUID, Name: p.source.Domain.Name, Source: p.source, Destination: p.destination,
		Untouched: true, Recovering: true,
	}
	return e
}

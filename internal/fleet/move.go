package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/budget"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Move asks for one VM to be on a host.
type Move struct {
	// VM is its name or UUID; Last is the host where it was last seen, or empty.
	VM, Last string
	// UUID, when not empty, is the VM's whatever VM says.
	UUID string
	// Destination is the name of the host it is to be on. It is chosen where there are
	// candidates for it.
	Destination string
	Among       Candidates
	Mode        migration.Mode
	// IfShutOff is what becomes of a VM that is shut off on another host; empty refuses the
	// move.
	IfShutOff IfShutOff
	// Policy overrides what the records say, for this move.
	Policy policy.Policy
	// Disks are the targets that the policy's copy_storage is narrowed to; none is all.
	Disks []string
	// Changes are what the VM's devices are called on the destination, where they differ. They
	// come before those of the fleet's configuration.
	Changes definition.Changes
	// Forecast is what is done about the forecast of the move; empty is ForecastOff.
	Forecast Forecasting
	// Thorough lets Assess check more than reading alone can tell. Move always does.
	Thorough bool
	// Foresee, when not nil, is asked by Assess for the policy that will hold once the VM is
	// found there; nil where it is not known yet. Without it, that of the records will hold.
	Foresee func(context.Context, Location) *policy.Effective
	// Unsettled lets Assess find nothing certain of the policy, which may be another one by
	// the start.
	Unsettled bool
	// PolicyDigest, when not empty, is the digest of the effective policy that the move
	// was planned with: it starts under no other.
	PolicyDigest string
	// Evacuation is the ID of the evacuation that the move belongs to; empty for none. Such a move only takes the VM from
	// the host where it was last seen.
	Evacuation string
	// chosen is true where the destination was chosen by what it had then: that is looked at again once the move has its
	// places.
	chosen bool
	// fromCordoned is true for a move that only takes the VM from its source while that is cordoned.
	fromCordoned bool
	// Reading, when not nil, is called as report is, with each reading of the running job.
	Reading func(migration.Reading)
}

// Moved is how a Move went.
type Moved struct {
	// Location is where the VM was found before.
	Location Location
	Report   migration.Report
	// Entry is what the VM's history says of the move, whether that could be written or
	// not; also of one that failed. Its ID is empty where nothing was to be moved, or the
	// policy was not resolved.
	Entry history.Entry
	// HistoryErr is why the history could not be written; else nil.
	HistoryErr error
	// OpenEntry is the entry of an earlier move that had brought the VM to its destination
	// already, where nobody had watched its end; else nil.
	OpenEntry *history.Entry
	// LeftShutOff is true when the VM is shut off on another host, and was left there.
	LeftShutOff bool
}

// Move finds the VM, waits until no other Move of it is under way and both hosts
// have a slot for a migration, and moves it under the policy of its records as
// they are then. A VM that is on the destination already, or on one of the candidates for it,
// is left alone. report is
// called about every 5 s and whenever something happens, and never after Move has
// returned.
//
// The error is a migration.Diagnosis (a *migration.CancelledError among them when
// nothing was started because ctx was cancelled or the fleet is drained), a
// *LeavingError, an *OtherPolicyError, a *RewriteError, a *NotEndingError, a *NoDestinationError, a *LapsedChoiceError,
// or what finding the VM or reading its records came to. Of Moved only Location and Entry hold then.
func (f *Fleet) Move(ctx context.Context, m Move, report func(Progress)) (Moved, error) {
	if err := f.checkDestination(m); err != nil {
		return Moved{}, err
	}
	defer f.census.forget()
	moved, err := f.move(ctx, &m, report)
	var diagnosis migration.Diagnosis
	cancelled := errors.Is(err, places.ErrDraining) || err != nil && ctx.Err() != nil
	if cancelled && !errors.As(err, &diagnosis) {
		var volumes *VolumesError
		if errors.As(err, &volumes) {
			volumes.Err = f.cancelled(ctx, m, volumes.Err)
		} else {
			err = f.cancelled(ctx, m, err)
		}
	}
	return moved, err
}

// move gives the move its destination, where that is to be chosen.
func (f *Fleet) move(ctx context.Context, m *Move, report func(Progress)) (Moved, error) {
	search := f.search(*m)
	defer search.end()
	location, err := f.find(ctx, *m)
	for err == nil {
		var moved Moved
		var elsewhere bool
		moved, elsewhere, err = f.approach(ctx, m, search, location, report)
		switch {
		case elsewhere:
			location = moved.Location
		case err != nil && search.again(ctx, m.Destination, err, report):
			location, err = f.find(ctx, *m)
		default:
			return moved, err
		}
	}
	return Moved{}, err
}

// approach gives the move its destination and attempts it, as far as there is anything to do. elsewhere is that of
// attempt.
func (f *Fleet) approach(
	ctx context.Context, m *Move, s *search, l Location, report func(Progress),
) (moved Moved, elsewhere bool, err error) {
	if err := s.direct(ctx, m, l); err != nil {
		return Moved{}, false, err
	}
	switch {
	case l.Host == m.Destination && l.FetchesFrom == "":
		moved, err = f.settled(ctx, l)
		return moved, false, err
	case m.Leaves(l):
		return Moved{Location: l, LeftShutOff: true}, false, nil
	case m.movedOn(l):
		return Moved{}, false, &LapsedChoiceError{Location: l, Host: m.Destination, Why: placement.MovedOn{On: l.Host}}
	}
	s.tell(l, report)
	return f.attempt(ctx, *m, l, report)
}

func (f *Fleet) find(ctx context.Context, m Move) (Location, error) {
	if m.UUID != "" {
		return f.FindUUID(ctx, m.UUID, m.Last)
	}
	return f.Find(ctx, m.VM, m.Last)
}

// settled is the result when the VM is on its destination already, unless it is about to
// leave.
func (f *Fleet) settled(ctx context.Context, l Location) (Moved, error) {
	if l.Domain.Active() {
		h, err := f.host(l.Host)
		if err != nil {
			return Moved{}, err
		}
		job, err := h.Job(ctx, l.Domain.UUID)
		if err != nil {
			return Moved{}, err
		}
		if job.Type == migration.JobRunning && job.Operation == migration.OperationMigrationOut {
			return Moved{}, &LeavingError{Location: l}
		}
	}
	report, err := f.Arrival(ctx, l)
	if err != nil {
		return Moved{Location: l}, err
	}
	return Moved{Location: l, Report: report, OpenEntry: f.settleHistory(ctx, l, report)}, nil
}

// Arrival is the report of a VM that was not moved: what libvirt still knows of the
// migration that brought it to its host.
func (f *Fleet) Arrival(ctx context.Context, l Location) (migration.Report, error) {
	h, err := f.host(l.Host)
	if err != nil {
		return migration.Report{}, err
	}
	return migration.Arrival(ctx, h, l.Domain.UUID)
}

// attempt moves the VM from where it was found. elsewhere is true when somebody else
// moved it while this move waited for its turn; it is then at Moved.Location, and nothing
// was done.
func (f *Fleet) attempt(
	ctx context.Context, m Move, from Location, report func(Progress),
) (moved Moved, elsewhere bool, err error) {
	source := from.source(m.Destination)
	place, waited, err := f.enter(ctx, m, from, report)
	if err != nil {
		return Moved{}, false, err
	}
	defer place.Leave(ctx)
	resolution, err := f.resolveFound(ctx, from, waited, m.Policy)
	if err != nil {
		return Moved{}, false, &UnresolvedError{Location: from, Err: err}
	}
	if resolution.Location.source(m.Destination) != source {
		return Moved{Location: resolution.Location}, true, nil
	}
	if m.chosen {
		if err := f.reconsider(ctx, m.Destination, resolution.Location); err != nil {
			return Moved{}, false, err
		}
	}
	if m.MovesDefinition(resolution.Location) {
		m.PolicyDigest = "" // no policy has a part in it
	}
	if err := m.planned(resolution); err != nil {
		return Moved{}, false, err
	}
	request, changes, err := f.request(ctx, m, resolution)
	if err != nil {
		return Moved{}, false, err
	}
	moved.Location = resolution.Location
	entry := f.newEntry(ctx, request.Move)
	entry.Evacuation = m.Evacuation
	if err := f.foretell(ctx, m, resolution, changes.past, entry, report); err != nil {
		if ctx.Err() == nil {
			entry.end(ctx, migration.Report{}, err)
			moved.Entry = entry.Entry
		}
		return moved, false, err
	}
	move := request.Move
	shared := f.budgets.Sharer(from.subject(m.Destination), move.Policy)
	defer shared.Leave()
	defer shared.CountOthers(ctx, f.others)()
	if shared != nil && !move.Definition {
		move.Budget = shared
	}
	disks := &diskCopy{
		source: entry.source, destination: entry.destination, vm: request.Move.UUID, mode: request.Move.Policy.CopyStorage(),
	}
	move.Preflight = func(ctx context.Context, a migration.Assessment) []migration.Finding {
		examined := examine(ctx, request, a, report)
		disks.decide(examined.Disks, a)
		return examined.Findings
	}
	move.Reading = m.Reading
	move.Ready = func(ctx context.Context) (migration.Prepared, error) {
		return f.ready(ctx, m, resolution.Location, preparation{place, entry, disks, changes, shared})
	}
	moved.Report, err = migration.Run(ctx, move, func(p migration.Progress) { report(Progress{Progress: p}) })
	if err != nil && !move.Definition {
		f.observeElsewhere(ctx, move, err)
	}
	err = disks.end(ctx, entry, err)
	entry.end(ctx, moved.Report, err)
	moved.Entry, moved.HistoryErr = entry.Entry, entry.failure
	return moved, false, err
}

// preparation is what a move prepares right before it starts.
type preparation struct {
	place   *places.Place
	entry   *moveEntry
	disks   *diskCopy
	changes changes
	shared  *budget.Sharer
}

// ready begins, after the checks, the move's entry in the VM's history, makes the volumes that disks are copied
// into, which the entry names before and after that, and then makes the definitions for the destination, with
// which the entry is to travel; then others give way on its links, and it waits for the move's turn to start. It
// fails where another policy than the planned one holds by then, the move has lost its places, or the fleet starts
// no more. Nothing comes between the turn and the start.
func (f *Fleet) ready(ctx context.Context, m Move, l Location, p preparation) (migration.Prepared, error) {
	var prepared migration.Prepared
	if m.PolicyDigest != "" {
		now, err := f.resolveUUID(ctx, l.Domain.UUID, l.Host, m.Policy)
		if err != nil {
			return prepared, &UnresolvedError{Location: l, Err: err}
		}
		// Where it was moved away meanwhile, the start fails and tells so.
		if now.Location.source(m.Destination) == l.source(m.Destination) {
			if err := m.planned(now); err != nil {
				return prepared, err
			}
		}
	}
	made, err := p.changes.apply(ctx, l)
	if err != nil {
		return prepared, err
	}
	p.entry.DevicesChanged, p.entry.ConfigChanged = made.running, made.config
	if p.disks.creates() {
		p.entry.VolumesWritten = p.disks.planned(p.entry)
		p.entry.begin(ctx)
	}
	if err := p.disks.create(ctx, l); err != nil {
		return prepared, err
	}
	if err := p.disks.recheck(ctx, l); err != nil {
		return prepared, err
	}
	p.entry.VolumesWritten = p.disks.written(ctx, p.entry)
	p.entry.renew(ctx)
	if err := f.stillCordoned(ctx, m, l); err != nil {
		return prepared, err
	}
	if made, err = p.changes.apply(ctx, l); err != nil { // once more: the history is part of it
		return prepared, err
	}
	p.entry.DevicesChanged, p.entry.ConfigChanged = made.running, made.config
	prepared = migration.Prepared{Storage: p.disks.storage, Changed: made.definitions}
	p.entry.Share = p.shared.GiveWay(ctx, len(p.disks.storage.Targets()))
	if err := p.place.Confirm(ctx); err != nil {
		return prepared, &UnplacedError{l, err}
	}
	err = f.places.Turn(ctx, l.source(m.Destination))
	p.disks.started = err == nil
	return prepared, err
}

func (f *Fleet) request(ctx context.Context, m Move, r Resolution) (preflight.Request, changes, error) {
	source, err := f.host(r.Location.source(m.Destination))
	if err != nil {
		return preflight.Request{}, changes{}, err
	}
	destination, err := f.host(m.Destination)
	if err != nil {
		return preflight.Request{}, changes{}, err
	}
	request := preflight.Request{
		Move: migration.Request{
			UUID:           r.Location.Domain.UUID,
			Name:           r.Location.Domain.Name,
			Source:         source,
			Destination:    destination,
			Unseen:         len(r.Location.Unseen) > 0,
			Rival:          slices.ContainsFunc(r.Location.Receiving, func(name string) bool { return name != m.Destination }),
			PeerURI:        destination.PeerURI(),
			MigrationURI:   destination.MigrationURI(),
			ListenAddress:  destination.ListenAddress(),
			TLSDestination: destination.TLSDestination(),
			Mode:           m.Mode,
			Definition:     m.MovesDefinition(r.Location),
			Policy:         r.Policy,
		},
		Source:      f.shared[source].From(source),
		Destination: f.shared[destination],
		Thorough:    m.Thorough,
		CopiedDisks: m.Disks,
	}
	past := pastOf(ctx, source, request.Move.UUID)
	there, _ := destination.UUID(ctx)
	c := f.changesOf(m, r.Location, source, past, there)
	request.Changes = c.running
	if c.two {
		request.ConfigChanges = &c.config
	}
	request.Leftovers = leftovers(past, request.Move.UUID, there)
	return request, c, nil
}

// LeavingError is a VM that is on its destination, but is being migrated away from it.
type LeavingError struct{ Location Location }

func (e *LeavingError) Error() string {
	return fmt.Sprintf("VM %s is on %s, but a migration of it to another host is under way",
		e.Location.Domain.Name, e.Location.Host)
}

// UnresolvedError is a move that was not started because the VM's policy could not be
// resolved.
type UnresolvedError struct {
	// Location is where the VM was found before.
	Location Location
	Err      error
}

func (e *UnresolvedError) Error() string { return e.Err.Error() }

func (e *UnresolvedError) Unwrap() error { return e.Err }

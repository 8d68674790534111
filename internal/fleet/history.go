package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// historyTimeout bounds a change of a VM's history. It exceeds the 30 s that libvirt lets
// a write wait for a job that has begun in between.
const historyTimeout = 40 * time.Second

// History finds a VM and reads the history of its moves.
func (f *Fleet) History(ctx context.Context, vm string) (Location, history.History, error) {
	location, err := f.Find(ctx, vm, "")
	if err != nil {
		return Location{}, history.History{}, err
	}
	h, err := f.host(location.Host)
	if err != nil {
		return Location{}, history.History{}, err
	}
	document, err := h.DomainHistory(ctx, location.Domain.UUID)
	if err != nil {
		return location, history.History{}, err
	}
	past, err := decodeHistory(document)
	if err != nil {
		err = &InvalidHistoryError{Location: location, Err: err}
	}
	return location, past, err
}

// InvalidHistoryError is a VM's history that cannot be read.
type InvalidHistoryError struct {
	Location Location
	Err      error
}

func (e *InvalidHistoryError) Error() string { return e.Err.Error() }

func (e *InvalidHistoryError) Unwrap() error { return e.Err }

// decodeHistory reads the copy of the running VM, or else that of its definition. No
// copy is an empty history.
func decodeHistory(d host.DomainDocument) (history.History, error) {
	var failures []error
	for _, document := range []*string{d.Live, d.Config} {
		if document == nil {
			continue
		}
		h, err := history.Decode([]byte(*document))
		if err == nil {
			return h, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 2 && failures[0].Error() == failures[1].Error() {
		failures = failures[:1] // as a rule both copies are equal
	}
	return history.History{}, errors.Join(failures...)
}

// pastOf is a VM's history as its source has it; an empty one where that cannot be read. Moves
// whose end nobody has watched are settled in it: the VM is there.
func pastOf(ctx context.Context, source *host.Host, vm string) history.History {
	past, err := historyOn(ctx, source, vm)
	if err != nil {
		return history.History{}
	}
	here, _ := source.UUID(ctx)
	past.Settle(here)
	return past
}

// historyOn is a VM's history as a host has it.
func historyOn(ctx context.Context, h *host.Host, vm string) (history.History, error) {
	document, err := h.DomainHistory(ctx, vm)
	if err != nil {
		return history.History{}, err
	}
	return decodeHistory(document)
}

// changeHistory is a change of both copies. A history that does not parse is begun anew:
// it is never in the way of the next move's entry. One of a newer release is left alone.
func changeHistory(change func(*history.History) bool) func(host.DomainDocument) (*string, error) {
	return func(d host.DomainDocument) (*string, error) {
		past, err := decodeHistory(d)
		var newer *history.NewerVersionError
		if errors.As(err, &newer) {
			return nil, err
		}
		if !change(&past) {
			return nil, nil
		}
		document, err := past.Encode()
		return new(string(document)), err
	}
}

// moveEntry is the entry of one move in the VM's history, and the hosts that it is
// written on.
type moveEntry struct {
	history.Entry

	vm                  string
	source, destination *host.Host
	// begun is true once the entry is in the history, or may be there; adopted is true when
	// the move has only watched a migration, whose entry is another's; failure is why the
	// entry could not be written.
	begun, adopted bool
	failure        error
}

// newEntry is the entry of a move that has not started. A host that does not say its
// UUID has none in it.
func (f *Fleet) newEntry(ctx context.Context, r migration.Request) *moveEntry {
	e := &moveEntry{vm: r.UUID}
	e.source, _ = f.host(r.Source.Name())
	e.destination, _ = f.host(r.Destination.Name())
	ends := each([]*host.Host{e.source, e.destination}, func(h *host.Host) history.Host {
		id, _ := h.UUID(ctx)
		return history.Host{UUID: id, Label: h.Name()}
	})
	e.Entry = history.Entry{
		ID: uuid.NewString(), StartedAt: currentTime(), From: ends[0], To: ends[1], Outcome: history.Started,
		Policy: r.Policy,
	}
	if r.Mode != migration.Auto {
		e.Mode = string(r.Mode)
	}
	return e
}

// currentTime is to the millisecond: what a history has of it.
func currentTime() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// begin writes the entry on the source, right before the migration. It completes earlier
// ones there whose end was not watched: the VM is on the source, and no job runs on it.
func (e *moveEntry) begin(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	e.StartedAt = currentTime()
	e.began(e.source.UpdateDomainHistory(ctx, e.vm, changeHistory(func(past *history.History) bool {
		past.Settle(e.From.UUID)
		past.Add(e.Entry)
		return true
	})))
}

// renew writes what has become known since the entry was begun, right before the migration.
func (e *moveEntry) renew(ctx context.Context) {
	if !e.begun {
		e.begin(ctx)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	e.StartedAt = currentTime()
	e.began(e.source.UpdateDomainHistory(ctx, e.vm, changeHistory(func(past *history.History) bool {
		past.Remove(e.ID)
		past.Add(e.Entry)
		return true
	})))
}

// began notes how writing the entry went. A write that was not answered may have taken
// effect: its entry, too, is to be ended.
func (e *moveEntry) began(err error) {
	e.failure, e.begun = err, e.begun || err == nil || errors.Is(err, host.ErrOutcomeUnknown)
}

// writtenTo are the volumes of a path on the destination that the entry has as written to.
func (e *moveEntry) writtenTo(path string) []history.Volume {
	var written []history.Volume
	for _, v := range e.VolumesWritten {
		if v.Host == e.To && v.Path == path {
			written = append(written, v)
		}
	}
	return written
}

// end completes the entry once the move is over, and writes that where the VM is: of a move
// that has succeeded also where its beginning could not be written. Where it is not certain, or
// a job may live, it is left to the next move.
func (e *moveEntry) end(ctx context.Context, r migration.Report, err error) {
	if err == nil && !r.Moved {
		e.Entry = history.Entry{}
		return
	}
	e.conclude(r, err)
	home := e.home(err)
	if e.adopted || err != nil && home == e.source {
		e.DevicesChanged, e.ConfigChanged = nil, nil // those of another, or none
	}
	if home == nil || !e.ends() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), historyTimeout)
	defer cancel()
	e.failure = home.UpdateDomainHistory(ctx, e.vm, changeHistory(e.endIn))
}

// ends tells whether the end of the move is written: where the history may have an entry that
// it completes, and where the VM has moved, which nothing else would tell.
func (e *moveEntry) ends() bool { return e.begun || e.adopted || e.Outcome == history.Completed }

// endIn completes the entry in a history; false where that has nothing to complete. The
// history has to have it: the VM's own copy travelled.
func (e *moveEntry) endIn(past *history.History) bool {
	switch entry := past.Find(e.ID); {
	case e.adopted:
		return e.endAdopted(past)
	case e.Outcome == history.Refused && len(e.VolumesLeft)+len(e.VolumesWritten) == 0: // it was begun for a volume only
		past.Remove(e.ID)
		return entry != nil
	case entry != nil:
		e.completes(entry)
	default:
		past.Add(e.Entry)
	}
	return true
}

// endAdopted completes the entry of a migration that the move has only watched: one that another run
// has begun, with what that has changed. Where it is no move by this provider, the entry of this move
// stands for it, if there is one, and knows of no changes.
func (e *moveEntry) endAdopted(past *history.History) bool {
	if another := past.UnderWay(e.From.UUID, e.To.UUID, e.ID); another != nil {
		e.completes(another)
		past.Remove(e.ID)
		return true
	}
	own := past.Find(e.ID)
	if own == nil {
		return false
	}
	e.completes(own)
	own.DevicesChanged, own.ConfigChanged = nil, nil
	return true
}

// completes takes over what was not known at the start.
func (e *moveEntry) completes(entry *history.Entry) {
	entry.EndedAt, entry.Outcome, entry.Figures = e.EndedAt, e.Outcome, e.Figures
	if e.Mode != "" {
		entry.Mode = e.Mode
	}
	entry.Phase = e.Phase
	if e.Forecast != nil && !e.adopted {
		entry.Forecast = e.Forecast
	}
	if !e.adopted { // which knows of no volumes, and of no changes
		entry.VolumesLeft, entry.VolumesWritten = e.VolumesLeft, e.VolumesWritten
		entry.DevicesChanged, entry.ConfigChanged = e.DevicesChanged, e.ConfigChanged
	}
}

// conclude fills in how the move ended. Who drives an adopted migration is not known.
func (e *moveEntry) conclude(r migration.Report, err error) {
	e.EndedAt, e.Outcome = currentTime(), outcomeOf(err)
	var diagnosis migration.Diagnosis
	switch {
	case err == nil:
		e.adopted = r.Adopted
		e.Mode, e.Phase, e.Figures = string(r.Mode), string(r.Phase), figuresOf(r)
		if r.Recovered {
			e.Figures.DurationMS = sinceStart(e.Entry)
		} else {
			e.StartedAt = r.StartedAt.UTC().Truncate(time.Millisecond)
		}
	case errors.As(err, &diagnosis):
		c := diagnosis.Common().Course
		e.adopted = c.Adopted
		if c.Mode != "" || c.Adopted {
			e.Mode = string(c.Mode)
		}
		e.Figures = lastFigures(c)
	}
	if e.Outcome == history.Unwatched {
		e.EndedAt = time.Time{}
	}
}

// home is the host that certainly has the VM, with no job on it; else nil.
func (e *moveEntry) home(err error) *host.Host {
	var diagnosis migration.Diagnosis
	switch {
	case err == nil:
		return e.destination
	case !errors.As(err, &diagnosis):
		return e.source // nothing was started
	}
	failure := diagnosis.Common()
	switch place := failure.Outcome.Place(); {
	case failure.MayGoOn() || failure.Outcome.Foreign:
		return nil
	case place == migration.OnSource || place == migration.PausedOnSource:
		return e.source
	case place == migration.OnDestination || place == migration.PausedOnDestination:
		return e.destination
	case failure.Outcome.ShutOffOnSource():
		return e.source
	}
	return nil
}

// OpenEntry is the entry of the move by this provider that has brought a VM to the host that
// it is on, where its history still has it as started: nobody watched its end. It is nil
// where there is none, or the history cannot be read.
func (f *Fleet) OpenEntry(ctx context.Context, l Location) *history.Entry {
	h, err := f.host(l.Host)
	if err != nil {
		return nil
	}
	past, err := historyOn(ctx, h, l.Domain.UUID)
	if err != nil {
		return nil
	}
	here, _ := h.UUID(ctx)
	return brought(past.Settle(here))
}

// brought is the newest entry that was settled, if its move has brought the VM to where it is.
func brought(newest *history.Entry) *history.Entry {
	if newest == nil || newest.Outcome != history.Completed {
		return nil
	}
	return newest
}

// settleHistory completes entries of a VM that is on its destination already, whose end
// was not watched: of the newest, libvirt may still have the figures. It returns the one
// that has brought the VM there, or nil. What stands in the way is left to the next move.
func (f *Fleet) settleHistory(ctx context.Context, l Location, r migration.Report) (entry *history.Entry) {
	h, err := f.host(l.Host)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	here, _ := h.UUID(ctx)
	_ = h.UpdateDomainHistory(ctx, l.Domain.UUID, changeHistory(func(past *history.History) bool {
		newest := past.Settle(here)
		if entry = brought(newest); entry != nil && r.Unwatched {
			entry.Figures = figuresOf(r)
		}
		return newest != nil
	}))
	return entry
}

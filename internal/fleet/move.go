package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Move asks for one VM to be on a host.
type Move struct {
	// VM is its name or UUID; Last is the host where it was last seen, or empty.
	VM, Last string
	// Destination is the name of the host it is to be on.
	Destination string
	Mode        migration.Mode
	// Policy overrides what the records say, for this move.
	Policy policy.Policy
}

// Moved is how a Move went.
type Moved struct {
	// Location is where the VM was found before.
	Location Location
	Report   migration.Report
}

// Move finds the VM, waits until both hosts have a place for a migration, and
// moves it under the policy of its records as they are then. A VM that is on the
// destination already is left alone. report gets a line for people from time to
// time; it is never called after Move has returned.
func (f *Fleet) Move(ctx context.Context, m Move, report func(string)) (Moved, error) {
	if err := f.Check(m.Destination); err != nil {
		return Moved{}, err
	}
	location, err := f.Find(ctx, m.VM, m.Last)
	if err != nil {
		return Moved{}, err
	}
	if location.Host == m.Destination && !location.Domain.Active() {
		return Moved{Location: location, Report: migration.Report{Destination: m.Destination}}, nil
	}
	for {
		source := location.Host
		release, err := f.slots.acquire(ctx, source, m.Destination, func() {
			report("waiting for a place: as many migrations as allowed leave " + source + " or enter " + m.Destination)
		})
		if err != nil {
			return Moved{}, &WaitError{Location: location, Destination: m.Destination, Err: err}
		}
		resolution, err := f.Resolve(ctx, location.Domain.UUID, source, m.Policy)
		if err == nil && resolution.Location.Host != source {
			location = resolution.Location // it was moved by another while this move waited
			release()
			continue
		}
		moved := Moved{Location: location}
		if err == nil {
			moved.Location = resolution.Location
			moved.Report, err = f.run(ctx, m, resolution, report)
		}
		release()
		return moved, err
	}
}

func (f *Fleet) run(ctx context.Context, m Move, r Resolution, report func(string)) (migration.Report, error) {
	request, err := f.request(m, r)
	if err != nil {
		return migration.Report{}, err
	}
	return migration.Run(ctx, request, func(p migration.Progress) { report(p.String()) })
}

func (f *Fleet) request(m Move, r Resolution) (migration.Request, error) {
	source, err := f.host(r.Location.Host)
	if err != nil {
		return migration.Request{}, err
	}
	destination, err := f.host(m.Destination)
	if err != nil {
		return migration.Request{}, err
	}
	return migration.Request{
		UUID:         r.Location.Domain.UUID,
		Name:         r.Location.Domain.Name,
		Source:       source,
		Destination:  destination,
		PeerURI:      destination.PeerURI(),
		MigrationURI: destination.MigrationURI(),
		Mode:         m.Mode,
		Policy:       r.Policy,
	}, nil
}

// Assess looks, while planning, at what speaks against a move. There is nothing
// to look at when the VM is where it is to be.
func (f *Fleet) Assess(ctx context.Context, m Move) (Location, migration.Assessment, error) {
	resolution, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Location{}, migration.Assessment{}, err
	}
	if resolution.Location.Host == m.Destination {
		return resolution.Location, migration.Assessment{}, nil
	}
	request, err := f.request(m, resolution)
	if err != nil {
		return Location{}, migration.Assessment{}, err
	}
	return resolution.Location, migration.Preflight(ctx, request), nil
}

// WaitError is a move that was given up while it waited for a place; nothing
// was started.
type WaitError struct {
	Location    Location
	Destination string
	Err         error
}

func (e *WaitError) Error() string {
	return "the move to " + e.Destination + " was given up while it waited for a place; VM " +
		e.Location.Domain.Name + " was not touched and is on " + e.Location.Host
}

func (e *WaitError) Unwrap() error { return e.Err }

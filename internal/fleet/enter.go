package fleet

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

// UnplacedError is a move that was not started, because it does not have its places for certain.
type UnplacedError struct {
	// Location is where the VM was found before.
	Location Location
	// Err is a *places.LostError or a *places.UnclearError.
	Err error
}

func (e *UnplacedError) Error() string { return e.Err.Error() }

func (e *UnplacedError) Unwrap() error { return e.Err }

// enter waits until a move may begin, and has its places. The move of a definition sends nothing, and takes no place on
// hosts. waited is true where something was in the way.
func (f *Fleet) enter(
	ctx context.Context, m Move, from Location, report func(Progress),
) (place *places.Place, waited bool, err error) {
	subject := from.subject(m.Destination)
	progress := Progress{Progress: migration.Progress{Subject: subject}}
	waiting := func(wait places.Wait) {
		waited = true
		told := progress
		told.Waiting = wait
		report(told)
	}
	if m.MovesDefinition(from) {
		place, err = f.places.EnterRun(ctx, subject, waiting)
	} else {
		place, err = f.places.Enter(ctx, subject, waiting)
	}
	var unclear *places.UnclearError
	if errors.As(err, &unclear) {
		return nil, waited, &UnplacedError{from, err}
	}
	if err != nil {
		return nil, waited, err
	}
	if progress.Unleased = place.Unleased(); len(progress.Unleased) > 0 {
		progress.Phase = migration.PhaseStarting
		report(progress)
	}
	return place, waited, nil
}

package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// observeDeadline bounds an observation by all hosts after a move was cancelled or has failed.
const observeDeadline = 5 * time.Second

// cancelled is the error of a move that was cancelled before anything was started. It
// finds out where the VM is.
func (f *Fleet) cancelled(ctx context.Context, m Move, cause error) error {
	e := &migration.CancelledError{Err: cause}
	e.Outcome = migration.Outcome{
		Name: m.VM, Untouched: true,
		Destination: migration.Observation{Host: m.Destination, Err: migration.ErrUnreachable},
	}
	location, err := f.lastFind(context.WithoutCancel(ctx), m)
	var seen interface {
		Whereabouts() migration.Whereabouts
	}
	switch {
	case err == nil:
		e.Elsewhere = []migration.Observation{{Host: location.Host, Domain: location.Domain}}
	case errors.As(err, &seen):
		e.Elsewhere = seen.Whereabouts().Hosts
	default:
		e.Unfound = err
	}
	return e
}

// lastFind is find with observeDeadline for each of its questions: a silent host takes all of
// that time.
func (f *Fleet) lastFind(ctx context.Context, m Move) (Location, error) {
	identifying, cancel := context.WithTimeout(ctx, observeDeadline)
	defer cancel()
	if _, isUUID := ParseUUID(m.VM); isUUID || m.UUID != "" {
		return f.find(identifying, m)
	}
	uuid, err := f.identify(identifying, m.VM)
	if err != nil {
		return Location{}, err
	}
	finding, cancel := context.WithTimeout(ctx, observeDeadline)
	defer cancel()
	return f.findUUID(finding, m.VM, uuid, m.Last)
}

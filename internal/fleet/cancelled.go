package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// CancelledError is a move that was called off before anything was started.
type CancelledError struct {
	// VM is the name or UUID that was asked for.
	VM, Destination string
	// Location is where it was found after that, and Unfound why it was not.
	Location Location
	Unfound  error
	// Err is the context's error, or ErrDraining.
	Err error
}

func (e *CancelledError) Error() string {
	text := fmt.Sprintf("The move of VM %s to %s was cancelled before it was started.", e.VM, e.Destination)
	var look interface{ Whereabouts() string }
	switch {
	case e.Unfound == nil:
		return fmt.Sprintf("%s\n\nVM %s is %s on %s", text, e.Location.Domain.Name, e.Location.Domain.State, e.Location.Host)
	case errors.As(e.Unfound, &look):
		return text + "\n\n" + look.Whereabouts()
	default:
		return fmt.Sprintf("%s Where it is could not be told: %s.", text, e.Unfound)
	}
}

func (e *CancelledError) Unwrap() error { return e.Err }

// lastLook bounds a look at all hosts after a move was called off or has failed.
const lastLook = 5 * time.Second

// cancelled looks at where the VM is whose move was called off.
func (f *Fleet) cancelled(ctx context.Context, m Move, cause error) error {
	e := &CancelledError{VM: m.VM, Destination: m.Destination, Err: cause}
	ctx = context.WithoutCancel(ctx)
	identifying, cancel := context.WithTimeout(ctx, lastLook)
	defer cancel()
	if _, isUUID := ParseUUID(m.VM); isUUID || m.UUID != "" {
		e.Location, e.Unfound = f.find(identifying, m)
		return e
	}
	uuid, err := f.identify(identifying, m.VM)
	if err != nil {
		e.Unfound = err
		return e
	}
	// A host that is silent may have taken all of that time.
	finding, cancel := context.WithTimeout(ctx, lastLook)
	defer cancel()
	e.Location, e.Unfound = f.findUUID(finding, m.VM, uuid, m.Last)
	return e
}

package places

import (
	"errors"
	"fmt"
)

// ErrDraining is a move that was not started because no more are.
var ErrDraining = errors.New("no move is started any more")

// LostError is a move that could not renew the lease of its place on a host for so long that another run may have that.
type LostError struct {
	Host string
	Err  error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the move has lost its place on %s: %v", e.Host, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// UnleasedError is a host that keeps no leases: only the migrations that run there are counted, not those that other
// runs are about to start.
type UnleasedError struct {
	Host string
	Err  error
}

func (e *UnleasedError) Error() string { return fmt.Sprintf("%s keeps no leases: %v", e.Host, e.Err) }

func (e *UnleasedError) Unwrap() error { return e.Err }

// UnclearError is a move that was not started: a host which keeps leases has not said whether there is a place for it.
type UnclearError struct {
	Host string
	Err  error
}

func (e *UnclearError) Error() string {
	return fmt.Sprintf("%s has not said whether it has a place for the move: %v", e.Host, e.Err)
}

func (e *UnclearError) Unwrap() error { return e.Err }

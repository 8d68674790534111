package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

// Error is a stream that did not come about, or ended, for a reason that its
// transport knows best.
type Error struct {
	// Reason is what happened and what to do, without users and keys, fit to be
	// shown.
	Reason string
	// Persistence is how long the reason is going to last.
	Persistence Persistence
	// Cause is the error beneath; nil where there is none.
	Cause error
}

func (e *Error) Error() string { return e.Reason }

// Unwrap is the error beneath.
func (e *Error) Unwrap() error { return e.Cause }

// Persistence is how long a failure is going to last.
type Persistence int

const (
	// Temporary failures may be over the next moment.
	Temporary Persistence = iota
	// Permanent failures are over when somebody has done something about it: the
	// host is not the one that is trusted, or does not trust us.
	Permanent
	// LoginRefused is a login that the host turned down. It lasts, and hosts count
	// such logins.
	LoginRefused
)

// explained is why a stream did not come about, in words that need no knowledge of
// sockets. The end of a context and a deadline stay what they are.
func explained(err error) error {
	var own *Error
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &own), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return &Error{Reason: "connection refused; is libvirtd running and listening there?", Cause: err}
	case errors.As(err, &dns):
		return &Error{Reason: "the name does not resolve: " + dns.Err, Cause: err}
	case errors.As(err, &op):
		return &Error{Reason: op.Err.Error(), Cause: err}
	}
	return &Error{Reason: err.Error(), Cause: err}
}

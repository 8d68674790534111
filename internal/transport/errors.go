package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

// Error is a stream that could not be opened, or ended, for a reason that its transport
// knows.
type Error struct {
	// Reason is what happened and what to do, sanitized, without users and keys.
	Reason string
	// Persistence is how long the failure lasts.
	Persistence Persistence
	// Cause is the underlying error, or nil.
	Cause error
}

func (e *Error) Error() string { return e.Reason }

// Unwrap returns the underlying error.
func (e *Error) Unwrap() error { return e.Cause }

// Persistence is how long a failure lasts.
type Persistence int

const (
	// Temporary failures may end by themselves at any time.
	Temporary Persistence = iota
	// Permanent failures last until somebody acts: the host is not trusted, or does
	// not trust this client.
	Permanent
	// LoginRefused is a login that the host refused. It lasts like a permanent
	// failure, and hosts count refused logins.
	LoginRefused
)

// dialFailure explains why a stream could not be opened. It keeps the errors of a
// context and of a deadline.
func dialFailure(err error) error {
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

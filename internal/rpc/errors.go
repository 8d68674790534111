package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// errNotSent is a call on a connection that has already ended.
var errNotSent = errors.New("connection had ended, nothing was sent")

// Logins that were not tried.
var (
	// ErrLoginRequired is a daemon that requires SASL from a client that did not log in.
	ErrLoginRequired = &LoginError{Reason: "libvirt requires a user name and a password (SASL)"}
	// ErrLoginExposed is a daemon that requires a password over a stream that others
	// may read.
	ErrLoginExposed = &LoginError{Reason: "it requires a password, which is not sent over an unencrypted connection " +
		"or to a host whose certificate or key is not verified"}
)

// ProtocolError is a peer that does not speak libvirt's protocol.
type ProtocolError struct{ Reason string }

func (e *ProtocolError) Error() string { return "it is not a libvirt daemon: " + e.Reason }

// LoginError is a login that failed or was not tried.
type LoginError struct {
	// Reason is what went wrong.
	Reason string
	// Said is the daemon's own text; empty if it gave none.
	Said string
	// Refused tells that the daemon refused the login. Daemons may count refusals.
	Refused bool
}

func (e *LoginError) Error() string {
	if e.Said == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s (%.200q)", e.Reason, e.Said)
}

// TimeoutError is a call that was not answered by its deadline, the caller's or its
// own. It matches [context.DeadlineExceeded].
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	precision := 100 * time.Millisecond
	if e.After < time.Second {
		precision = time.Millisecond
	}
	return "it did not answer within " + e.After.Round(precision).String()
}

// Is reports whether target is [context.DeadlineExceeded].
func (e *TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// ContextError is the error of a caller whose context ended with err: a
// [TimeoutError] if its deadline passed.
func ContextError(err error, started time.Time) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &TimeoutError{After: time.Since(started)}
	}
	return err
}

// LostError is a connection that ended during a call or, Unsent, before the call
// was sent.
type LostError struct {
	Cause  error
	Unsent bool
}

func (e *LostError) Error() string {
	text := "the connection was lost during the call"
	if e.Unsent {
		text = "the connection was lost before the call was sent"
	}
	return text + ": " + e.Cause.Error()
}

// Unwrap is why the connection ended.
func (e *LostError) Unwrap() error { return e.Cause }

// refusedOpening recognises a daemon that requires SASL by its message: the error
// code is the same as for other refusals.
func refusedOpening(err error) error {
	var answer libvirt.Error
	if errors.As(err, &answer) && answer.Message == "authentication required" {
		return ErrLoginRequired
	}
	return err
}

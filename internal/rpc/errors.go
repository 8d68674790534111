package rpc

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// errNotSent is a call on a connection that had ended before.
var errNotSent = errors.New("connection had ended, nothing was sent")

// Logins that were not tried.
var (
	// ErrLoginWanted is a daemon that wants SASL from a client that did not log in.
	ErrLoginWanted = &LoginError{Reason: "libvirt wants a user name and a password (SASL)"}
	// ErrLoginExposed is a daemon that wants a password over a stream that others
	// may read.
	ErrLoginExposed = &LoginError{Reason: "it wants a password, which does not go over an unencrypted connection, " +
		"nor to a host whose certificate or key is not verified"}
)

// ProtocolError is a peer that does not speak libvirt's protocol.
type ProtocolError struct{ Reason string }

func (e *ProtocolError) Error() string { return "it is not a libvirt daemon: " + e.Reason }

// LoginError is a login that did not come about.
type LoginError struct {
	// Reason is what went wrong.
	Reason string
	// Said is what the daemon said of it; empty where it said nothing.
	Said string
	// Refused is a login that the daemon turned down: it may count them.
	Refused bool
}

func (e *LoginError) Error() string {
	if e.Said == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s (%.200q)", e.Reason, e.Said)
}

// LateError is a call that was not answered by its deadline. It matches
// [context.DeadlineExceeded], whether the deadline was the caller's or the call's.
type LateError struct{ After time.Duration }

func (e *LateError) Error() string {
	precision := 100 * time.Millisecond
	if e.After < time.Second {
		precision = time.Millisecond
	}
	return "it did not answer within " + e.After.Round(precision).String()
}

// Is reports whether target is [context.DeadlineExceeded].
func (e *LateError) Is(target error) bool { return target == context.DeadlineExceeded }

// ContextError is the error of a caller whose context ended with err: a
// [LateError] where that was by its deadline.
func ContextError(err error, started time.Time) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &LateError{After: time.Since(started)}
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
	text := "the connection was lost in mid-call"
	if e.Unsent {
		text = "the connection was lost before the call was sent"
	}
	return text + ": " + e.Cause.Error()
}

// Unwrap is why the connection ended.
func (e *LostError) Unwrap() error { return e.Cause }

// refusedOpening tells a daemon that wants SASL from one that refuses for another
// reason: it has the same code for both.
func refusedOpening(err error) error {
	var answer libvirt.Error
	if errors.As(err, &answer) && answer.Message == "authentication required" {
		return ErrLoginWanted
	}
	return err
}

package preflight

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Why says why a check could not be made.
type Why string

// The reasons.
const (
	// Unanswered is a host that does not answer at all, or is both ends of the move; the
	// engine's finding tells of it.
	Unanswered Why = "no answer"
	// Unfit is a VM that does not run at home on its source; the engine's finding tells
	// of it.
	Unfit Why = "not running"
	// UnderWay is a migration or another job that runs on the VM.
	UnderWay Why = "job running"
	// Unread is a definition of the VM that could not be read, for the reason in Err.
	Unread Why = "definition not read"
	// Denied is a question that the host's connection may not ask.
	Denied Why = "denied"
	// Unsupported is a question that the host's libvirt cannot answer: it is too old, or
	// lacks a driver.
	Unsupported Why = "not supported"
	// Late is a question that had no answer in time.
	Late Why = "no answer in time"
	// Failed is a question that failed in another way.
	Failed Why = "failed"
	// NeedsThorough is one that more than reading would answer. It is asked before the
	// start of a move, and in a plan where Thorough is set.
	NeedsThorough Why = "needs a thorough check"
	// Unknowable is one that libvirt has no call for, or may not look at.
	Unknowable Why = "not told by libvirt"
)

// ErrUnknowable is a host's answer that its libvirt may not look at what is asked about.
var ErrUnknowable = errors.New("libvirt cannot know it")

// Unchecked is a check that could not be made, or not in all parts.
type Unchecked struct {
	migration.Subject

	Check migration.Check
	Why   Why
	// Host is the one that did not say it; empty when it is none.
	Host string
	// What is the device, path or the like that it was about; empty when it was all.
	What string
	// Err is the host's error behind it, or nil.
	Err error
}

// String is it as one line.
func (u Unchecked) String() string {
	line := fmt.Sprintf("%s: %s", u.Check, u.Why)
	if u.What != "" {
		line += ", " + u.What
	}
	if u.Host != "" {
		line += " on " + u.Host
	}
	if u.Err != nil {
		line += fmt.Sprintf(": %v", u.Err)
	}
	return line
}

// unaskedError says for which reason a check, or a part of it, was not made.
type unaskedError struct {
	why        Why
	host, what string
	err        error
}

func (e *unaskedError) Error() string { return string(e.why) }

func (e *unaskedError) Unwrap() error { return e.err }

// unasked is an error of a check: the question to host about what was not answered by
// err, or not asked for that reason.
func unasked(host, what string, err error) error {
	return &unaskedError{reason(err), host, what, err}
}

// unknowable is an error of a check: libvirt on host cannot say it of what.
func unknowable(host, what string) error {
	return &unaskedError{why: Unknowable, host: host, what: what}
}

// needsThorough is an error of a check: reading alone does not tell it of what.
func needsThorough(host, what string) error {
	return &unaskedError{why: NeedsThorough, host: host, what: what}
}

// reason is what an error means for a check.
func reason(err error) Why {
	switch {
	case errors.Is(err, migration.ErrDenied):
		return Denied
	case errors.Is(err, migration.ErrUnsupported):
		return Unsupported
	case errors.Is(err, ErrUnknowable):
		return Unknowable
	case errors.Is(err, context.DeadlineExceeded):
		return Late
	}
	return Failed
}

// uncheckedBy makes of a check's error what could not be checked. A check that could not
// be made in several parts joins their errors.
func uncheckedBy(check migration.Check, err error) []Unchecked {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Unchecked
		for _, part := range joined.Unwrap() {
			all = append(all, uncheckedBy(check, part)...)
		}
		return all
	}
	var own *unaskedError
	if errors.As(err, &own) {
		return []Unchecked{{Check: check, Why: own.why, Host: own.host, What: own.what, Err: own.err}}
	}
	return []Unchecked{{Check: check, Why: reason(err), Err: err}}
}

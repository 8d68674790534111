package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// What an error of a host says, beside the sentinels of package migration.
var (
	// ErrDenied is libvirt's refusal of a call on a read-only connection or by
	// its access control.
	ErrDenied = migration.ErrDenied
	// ErrNoSecretDriver is a libvirt daemon without the secret driver, which
	// keeps the host-level records.
	ErrNoSecretDriver = errors.New("libvirt has no secret driver")
	// ErrForeignSecret is a secret under the UUID of a record that holds
	// something: it is neither written over nor deleted.
	ErrForeignSecret = errors.New("the secret is not a record")
	// ErrNoRecord is libvirt's answer that there is no such secret or metadata.
	ErrNoRecord = errors.New("no such record")
	// ErrOutcomeUnknown is a connection that was lost after a call had been sent
	// and before it was answered: it may have taken effect. It comes with
	// migration.ErrUnreachable.
	ErrOutcomeUnknown = errors.New("the outcome of the call is unknown")
	// ErrUnsupported is a daemon that does not know a call or a parameter:
	// mostly, one that is too old.
	ErrUnsupported = migration.ErrUnsupported
	// ErrClosed is a call on a host that was closed.
	ErrClosed = errors.New("host is closed")
)

// Error is a call to a host that failed. errors.Is tells what it means, by the
// sentinels of this package and of package migration.
type Error struct {
	// Host is the host's name in the provider's configuration.
	Host string
	// Op is what was asked of it, as in "look the domain up".
	Op string
	// Code is libvirt's error number (VIR_ERR_*); 0 when libvirt did not answer.
	Code int
	// Message is what happened, in libvirt's words where it answered.
	Message string

	kinds []error
	cause error
}

func (e *Error) Error() string {
	return fmt.Sprintf("host %q: unable to %s: %s", e.Host, e.Op, e.Message)
}

// Is reports whether the error means the sentinel target.
func (e *Error) Is(target error) bool { return slices.Contains(e.kinds, target) }

// Unwrap is the error beneath, if there is one: a cancelled context among them.
func (e *Error) Unwrap() error { return e.cause }

// codeKinds is what libvirt's error numbers mean.
var codeKinds = map[libvirt.ErrorNumber]error{
	libvirt.ErrNoDomain:             migration.ErrNoDomain,
	libvirt.ErrOperationInvalid:     migration.ErrNotActive,
	libvirt.ErrOperationAborted:     migration.ErrAborted,
	libvirt.ErrOperationTimeout:     migration.ErrBusy,
	libvirt.ErrResourceBusy:         migration.ErrBusy,
	libvirt.ErrOperationDenied:      ErrDenied,
	libvirt.ErrAccessDenied:         ErrDenied,
	libvirt.ErrAuthFailed:           ErrDenied,
	libvirt.ErrNoSecret:             ErrNoRecord,
	libvirt.ErrNoDomainMetadata:     ErrNoRecord,
	libvirt.ErrNoSupport:            ErrUnsupported,
	libvirt.ErrOperationUnsupported: ErrUnsupported,
	libvirt.ErrArgumentUnsupported:  ErrUnsupported,
}

// fail turns whatever went wrong in a call into an *Error.
func (h *Host) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Host: h.cfg.Name, Op: op, cause: err}
	var answer libvirt.Error
	var lost *lostError
	var late *lateError
	var dial *dialError
	switch {
	case errors.As(err, &dial):
		e.Message = dial.reason(h.address())
		e.kinds = []error{migration.ErrUnreachable, migration.ErrUnsent}
	case errors.As(err, &answer):
		e.Code, e.Message = int(answer.Code), shown(answer.Message)+certificateAdvice(answer.Message)
		if kind, ok := codeKinds[libvirt.ErrorNumber(answer.Code)]; ok {
			e.kinds = []error{kind}
		}
	case errors.Is(err, libvirt.ErrUnsupported):
		e.Message = "its libvirt is too old to know this call"
		e.kinds = []error{ErrUnsupported}
	case errors.As(err, &lost):
		e.Message = lost.Error()
		e.kinds = []error{migration.ErrUnreachable}
		if lost.unsent {
			e.kinds = append(e.kinds, migration.ErrUnsent)
		}
	case errors.As(err, &late):
		e.Message = late.Error()
		e.kinds = []error{migration.ErrUnreachable}
	case errors.Is(err, context.Canceled):
		e.Message = "cancelled"
	default:
		e.Message = err.Error()
	}
	return e
}

// failChange is fail for a call that changes something: it says so where nobody
// knows whether it did.
func (h *Host) failChange(op string, err error) error {
	failure := h.fail(op, err)
	var e *Error
	if !errors.As(failure, &e) {
		return failure
	}
	lost := lostInCall(err)
	if isLate(err) || lost != nil && !lost.unsent {
		e.Message += "; whether it took effect is not known"
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	}
	return failure
}

// lateError is a call that was not answered by its deadline.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string { return "it did not answer within " + waited(e.after) }

// waited is a time that somebody waited, in the precision that people want.
func waited(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// isLate tells a call that was not answered in time from a host that could not
// be connected to in time, where nothing was sent.
func isLate(err error) bool {
	var dial *dialError
	var late *lateError
	return !errors.As(err, &dial) && errors.As(err, &late)
}

// Is makes a deadline known as such, whether it was the caller's or the call's.
func (e *lateError) Is(target error) bool { return target == context.DeadlineExceeded }

// lostError is a connection that ended while a call was under way, or, unsent,
// just before.
type lostError struct {
	cause  error
	unsent bool
}

func (e *lostError) Error() string {
	var protocol *protocolError
	if errors.As(e.cause, &protocol) {
		return protocol.Error()
	}
	text := "the connection was lost in mid-call"
	if e.unsent {
		text = "the connection was lost before the call was sent"
	}
	var tunnel *tunnelError
	if errors.As(e.cause, &tunnel) {
		text += ": " + tunnel.Error()
	}
	return text
}

func (e *lostError) Unwrap() error { return e.cause }

// dialError is a host that could not be connected to.
type dialError struct {
	cause error
	// after is how long was waited, for a cause that is a deadline.
	after time.Duration
}

func (e *dialError) Error() string { return e.cause.Error() }
func (e *dialError) Unwrap() error { return e.cause }

// reason is the cause in words that need no knowledge of sockets.
func (e *dialError) reason(address string) string {
	var protocol *protocolError
	var lost *lostError
	var tunnel *tunnelError
	var credential *credentialError
	var dns *net.DNSError
	var answer libvirt.Error
	var cause string
	switch {
	case errors.As(e.cause, &tunnel):
		cause = tunnel.Error()
	case errors.As(e.cause, &credential):
		cause = credential.Error()
	case errors.As(e.cause, &protocol):
		return fmt.Sprintf("%s answers, but %s", address, protocol.Error())
	case errors.Is(e.cause, syscall.ECONNREFUSED):
		cause = "connection refused; is libvirtd running and listening there?"
	case errors.Is(e.cause, context.DeadlineExceeded), errors.Is(e.cause, os.ErrDeadlineExceeded):
		cause = "it did not answer within " + waited(e.after)
	case errors.As(e.cause, &dns):
		cause = "the name does not resolve: " + dns.Err
	case errors.As(e.cause, &answer) && answer.Message == "authentication required":
		cause = wantsLogin
	case errors.As(e.cause, &answer):
		cause = "libvirt refused: " + shown(answer.Message)
	case errors.As(e.cause, &lost):
		cause = "the connection was closed before libvirt answered"
	default:
		cause = e.cause.Error()
		var op *net.OpError
		if errors.As(e.cause, &op) {
			cause = op.Err.Error()
		}
	}
	return fmt.Sprintf("no connection to %s: %s", address, cause)
}

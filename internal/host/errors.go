package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/refusal"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// Sentinels of a host's errors, besides those of package migration.
var (
	// ErrDenied is libvirt's refusal of a call on a read-only connection or by its
	// access control.
	ErrDenied = migration.ErrDenied
	// ErrNoSecretDriver is a libvirt daemon without the secret driver, which keeps the
	// global and cluster records.
	ErrNoSecretDriver = errors.New("libvirt has no secret driver")
	// ErrForeignSecret is another program's secret under the UUID of a record. It is
	// neither overwritten nor deleted.
	ErrForeignSecret = errors.New("the secret is not a record")
	// ErrNoRecord is libvirt's answer that there is no such secret or metadata.
	ErrNoRecord = errors.New("no such record")
	// ErrOutcomeUnknown is a call that was sent and not answered: it may have taken
	// effect. The error matches migration.ErrUnreachable, too.
	ErrOutcomeUnknown = errors.New("the outcome of the call is unknown")
	// ErrUnsupported is a call or a parameter that the daemon does not know, mostly
	// because it is too old.
	ErrUnsupported = migration.ErrUnsupported
	// ErrClosed is a call on a closed host.
	ErrClosed = errors.New("host is closed")
)

// Error is a failed call to a host. It matches sentinels of this package and of package
// migration.
type Error struct {
	// Host is the host's name in the provider's configuration.
	Host string
	// Op is what was asked of it, as in "look up the domain".
	Op string
	// Domain is the part of libvirt that answered (VIR_FROM_*), and Code its error number
	// (VIR_ERR_*); both are 0 when libvirt did not answer.
	Domain, Code int
	// Errno is the system's error number (of Linux) behind Code; 0 where there is none.
	Errno int
	// Message is what happened: libvirt's own message if it answered.
	Message string
	// Refusal is what libvirt's answer means, where that is known.
	Refusal refusal.Refusal

	kinds []error
	cause error
}

func (e *Error) Error() string {
	return fmt.Sprintf("host %q: unable to %s: %s", e.Host, e.Op, e.Message)
}

// Is reports whether the error means the sentinel target.
func (e *Error) Is(target error) bool { return slices.Contains(e.kinds, target) }

// RefusalKind is what libvirt's answer means; refusal.Unknown where that is not known.
func (e *Error) RefusalKind() refusal.Kind { return e.Refusal.Kind }

// Unwrap returns the underlying error, such as context.Canceled, or nil.
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
	libvirt.ErrMigrateUnsafe:        migration.ErrUnsafe,
	libvirt.ErrNoSecret:             ErrNoRecord,
	libvirt.ErrNoDomainMetadata:     ErrNoRecord,
	libvirt.ErrNoSupport:            ErrUnsupported,
	libvirt.ErrOperationUnsupported: ErrUnsupported,
	libvirt.ErrArgumentUnsupported:  ErrUnsupported,
}

// fail turns any error of a call into an *Error.
func (h *Host) fail(op string, err error) error {
	if err == nil {
		return nil
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := &Error{Host: h.cfg.Name, Op: op, cause: err}
	var answer *rpc.Refusal
	var lost *rpc.LostError
	var late *rpc.TimeoutError
	var dial *dialError
	switch {
	case errors.As(err, &dial):
		e.Message = dial.message(h.endpoint)
		e.kinds = []error{migration.ErrUnreachable, migration.ErrUnsent}
	case errors.As(err, &answer):
		e.Domain, e.Code, e.Message = answer.Domain, int(answer.Answer.Code), sanitize.Text(answer.Answer.Message)
		e.Errno = answer.Errno
		e.Refusal = refusal.Of(e.Domain, e.Code, e.Message)
		if kind, ok := codeKinds[libvirt.ErrorNumber(e.Code)]; ok {
			e.kinds = []error{kind}
		}
	case errors.Is(err, libvirt.ErrUnsupported):
		e.Message = "its libvirt is too old for this call"
		e.kinds = []error{ErrUnsupported}
	case errors.As(err, &lost):
		e.Message = lostMessage(lost)
		e.kinds = []error{migration.ErrUnreachable}
		if lost.Unsent {
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

// answered tells whether libvirt answered a call with that code.
func answered(err error, code libvirt.ErrorNumber) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == int(code)
}

// failChange is fail for a call that changes something: it marks errors after which the
// outcome is unknown.
func (h *Host) failChange(op string, err error) error {
	failure := h.fail(op, err)
	var e *Error
	if !errors.As(failure, &e) {
		return failure
	}
	lost := lostInCall(err)
	if isLate(err) || lost != nil && !lost.Unsent {
		e.Message += "; it is unknown whether it took effect"
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	}
	return failure
}

// isLate tells whether a call was sent and not answered in time, unlike one whose
// connection took too long.
func isLate(err error) bool {
	var dial *dialError
	var late *rpc.TimeoutError
	return !errors.As(err, &dial) && errors.As(err, &late)
}

// lostMessage says how a connection ended, and why if its transport knows.
func lostMessage(e *rpc.LostError) string {
	var protocol *rpc.ProtocolError
	if errors.As(e.Cause, &protocol) {
		return protocol.Error()
	}
	text := "the connection was lost during the call"
	if e.Unsent {
		text = "the connection was lost before the call was sent"
	}
	var way *transport.Error
	if errors.As(e.Cause, &way) {
		text += ": " + way.Reason
	}
	return text
}

// dialError is a failed attempt to connect to a host.
type dialError struct {
	cause error
	// after is how long the attempt took, for the message of a timeout.
	after time.Duration
}

func (e *dialError) Error() string { return e.cause.Error() }
func (e *dialError) Unwrap() error { return e.cause }

// message says why there is no connection to an endpoint.
func (e *dialError) message(to *transport.Endpoint) string {
	var way *transport.Error
	var login *rpc.LoginError
	var protocol *rpc.ProtocolError
	var lost *rpc.LostError
	var answer libvirt.Error
	reason := e.cause.Error()
	switch {
	case errors.As(e.cause, &way):
		reason = way.Reason
	case errors.As(e.cause, &login):
		reason = loginMessage(login)
	case errors.As(e.cause, &protocol):
		return fmt.Sprintf("%s answers, but %s", to, protocol.Error())
	case errors.Is(e.cause, context.DeadlineExceeded), errors.Is(e.cause, os.ErrDeadlineExceeded):
		reason = (&rpc.TimeoutError{After: e.after}).Error()
	case errors.As(e.cause, &answer):
		reason = "libvirt refused: " + sanitize.Text(answer.Message)
	case errors.As(e.cause, &lost):
		reason = "the connection was closed before libvirt answered" + to.AdviceClosed()
	}
	return fmt.Sprintf("no connection to %s: %s", to, reason)
}

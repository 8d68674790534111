package migration

import "errors"

// What a host's errors say, whatever libvirt's wording: the engine tells them
// apart with errors.Is.
var (
	// ErrNoDomain is libvirt's answer that the host has no such domain.
	ErrNoDomain = errors.New("no such domain")
	// ErrNotActive is libvirt's answer that the domain does not run or the job
	// that was asked about is not there (VIR_ERR_OPERATION_INVALID).
	ErrNotActive = errors.New("operation is not valid in the domain's state")
	// ErrAborted is a job that was cancelled (VIR_ERR_OPERATION_ABORTED).
	ErrAborted = errors.New("operation aborted")
	// ErrBusy is another operation that holds the domain: another migration of
	// it, or one that libvirt waited 30 s for (VIR_ERR_OPERATION_TIMEOUT).
	ErrBusy = errors.New("domain is busy with another operation")
	// ErrDenied is a call that libvirt does not allow this client: on a read-only
	// connection, or by its access control.
	ErrDenied = errors.New("operation denied")
	// ErrUnsupported is a daemon that does not know a call or a parameter: mostly,
	// one that is too old.
	ErrUnsupported = errors.New("not supported by the host's libvirt")
	// ErrUnsafe is a migration that libvirt refuses because the guest could lose data, as on
	// a disk that is not on shared storage (VIR_ERR_MIGRATE_UNSAFE).
	ErrUnsafe = errors.New("migration is unsafe")
	// ErrUnreachable is a host whose libvirt could not be reached, did not
	// answer in time, or lost the connection in mid-call. Without ErrUnsent nothing
	// is known of the call's effect.
	ErrUnreachable = errors.New("host is unreachable")
	// ErrUnsent is a call that never left: nothing has become of it. It comes with
	// ErrUnreachable.
	ErrUnsent = errors.New("the call was not sent")
	// ErrMemoryUnreachable is a source that could not connect to the address that
	// memory is sent to: no memory was sent.
	ErrMemoryUnreachable = errors.New("the source cannot reach the address that memory is sent to")
)

// unsure tells whether a call that failed may have had its effect all the same.
func unsure(err error) bool { return Lost(err) && !errors.Is(err, ErrUnsent) }

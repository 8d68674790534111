package migration

import (
	"context"
	"fmt"
	"time"
)

// Host is what the engine asks of either end of a migration. Every call ends
// with its context at the latest. The engine gives each call a deadline,
// except the five that last as long as the migration or one of its hosts needs:
// MigratePeerToPeer, Prepare, Perform, Finish and Confirm. An implementation must not
// bound those by itself, must make them over connections of their own, apart
// from the one that answers the rest, and must treat the end of a context as the end
// of the call only, never of the job.
type Host interface {
	// Name is the host's name in the provider's configuration.
	Name() string
	// Identity asks the host's libvirt who and what it is.
	Identity(ctx context.Context) (Identity, error)
	// Domain looks a domain up by UUID. The error matches ErrNoDomain when
	// libvirt answered that there is none.
	Domain(ctx context.Context, uuid string) (Domain, error)
	// Job is the job that runs on the domain now; JobNone when it is idle.
	Job(ctx context.Context, uuid string) (Job, error)
	// CompletedJob is the last finished job of the domain, which libvirt keeps
	// on both ends of a migration until the domain is gone; reading it leaves it
	// there (VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED). Its type is JobNone when
	// libvirt has none.
	CompletedJob(ctx context.Context, uuid string) (Job, error)
	// Resume lets a paused domain run.
	Resume(ctx context.Context, uuid string) error
	// Autostart tells whether the host's libvirt starts the domain with the host; it answers
	// also while a job runs.
	Autostart(ctx context.Context, uuid string) (Autostart, error)
	// SetAutostart sets that. While a job runs for which libvirt would wait, the error
	// matches ErrBusy at once.
	SetAutostart(ctx context.Context, uuid string, a Autostart) error
}

// Source is the host that runs the domain before the move.
type Source interface {
	Host

	// AbortJob asks libvirt to cancel the running job (virDomainAbortJob). It
	// returns once the request is taken, not once the job has ended. The error
	// matches ErrNotActive when there is no job, or one that can no longer be
	// cancelled because it is in post-copy.
	AbortJob(ctx context.Context, uuid string) error
	// DiskCopy is how far the copy of a disk has got, by its target (virDomainGetBlockJobInfo).
	// It is zero but for the target where no copy of it is under way.
	DiskCopy(ctx context.Context, uuid, target string) (DiskCopy, error)
	// JobHeld tells whether a call holds the domain's job, and waits for something other
	// than QEMU (virDomainGetControlInfo, VIR_DOMAIN_CONTROL_JOB). Questions about the job and
	// orders wait for that call. This one does not.
	JobHeld(ctx context.Context, uuid string) (bool, error)
	// StartPostCopy switches a running migration to post-copy
	// (virDomainMigrateStartPostCopy).
	StartPostCopy(ctx context.Context, uuid string) error
	// Suspend pauses the domain, so that it dirties no more memory.
	Suspend(ctx context.Context, uuid string) error
	// MaxDowntime is the pause, in milliseconds, that QEMU may take for the
	// switch-over (virDomainMigrateGetMaxDowntime).
	MaxDowntime(ctx context.Context, uuid string) (uint64, error)
	// SetMaxDowntime sets it; it holds for this QEMU process from now on.
	SetMaxDowntime(ctx context.Context, uuid string, milliseconds uint64) error
	// SetMaxSpeed limits what a running migration sends, in MiB/s (virDomainMigrateSetMaxSpeed), and
	// SetMaxPostCopySpeed what it sends in the background in post-copy
	// (VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY).
	SetMaxSpeed(ctx context.Context, uuid string, mibPerSecond int64) error
	SetMaxPostCopySpeed(ctx context.Context, uuid string, mibPerSecond int64) error
	// SetCompressionCache sets the size of the XBZRLE cache of a running migration, in bytes, a
	// power of two (virDomainMigrateSetCompressionCache). QEMU empties it.
	SetCompressionCache(ctx context.Context, uuid string, bytes uint64) error
	// Memory is the host's memory.
	Memory(ctx context.Context) (Memory, error)
	// Checkpoints is the metadata of the domain's checkpoints, parents first. It answers
	// also while a job runs.
	Checkpoints(ctx context.Context, uuid string) ([]Checkpoint, error)

	// MigratePeerToPeer runs the whole migration in the source's libvirt
	// (virDomainMigrateToURI3 with VIR_MIGRATE_PEER2PEER) and returns when it
	// ended. It uses a connection of its own. The end of the context abandons
	// the call, not the job: libvirt carries on.
	MigratePeerToPeer(ctx context.Context, uuid, peerURI string, p Parameters) error

	// Begin, Perform and Confirm are the source's part of a migration that the
	// client drives, in libvirt's version 3 protocol. Cookies are opaque and
	// form one chain: Begin, Prepare, Perform, Finish, Confirm. Begin of a VM that runs is
	// without VIR_MIGRATE_CHANGE_PROTECTION, so that nothing has to be undone while
	// Perform has not been called.
	Begin(ctx context.Context, uuid string, p Parameters) (xml string, cookie []byte, err error)
	Perform(ctx context.Context, uuid, migrationURI string, cookie []byte, p Parameters) (out []byte, err error)
	Confirm(ctx context.Context, uuid string, cookie []byte, p Parameters, cancelled bool) error
}

// Destination is the host that is to run the domain after the move.
type Destination interface {
	Host

	// RedefineCheckpoint restores the metadata of a checkpoint
	// (VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE). The error matches ErrBusy as that of
	// SetAutostart does.
	RedefineCheckpoint(ctx context.Context, uuid string, c Checkpoint) error

	// Prepare and Finish are the destination's part of a migration that the
	// client drives. The URI that Prepare returns is where Perform must send.
	Prepare(ctx context.Context, xml string, cookie []byte, p Parameters) (migrationURI string, out []byte, err error)
	// Finish starts the domain here or, with cancelled set, discards its incoming
	// domain.
	Finish(ctx context.Context, name string, cookie []byte, p Parameters, cancelled bool) (out []byte, err error)
}

// Identity tells hosts and their abilities apart.
type Identity struct {
	// Hostname is the name libvirt gives its host.
	Hostname string
	// HostUUID is the host's UUID from libvirt's capabilities: equal for two
	// connections to the same host.
	HostUUID string
	// LibvirtVersion and QEMUVersion are encoded as libvirt does:
	// major*1000000 + minor*1000 + release.
	LibvirtVersion, QEMUVersion uint64
}

// Memory is a host's memory in bytes.
type Memory struct {
	// Total is all of it.
	Total uint64
	// Available is free memory plus buffers and cache.
	Available uint64
}

// DomainState is what a domain does, in libvirt's terms.
type DomainState int

// The states that matter to a move.
const (
	StateShutOff DomainState = iota
	StateRunning
	StatePaused
	// StateAsleep is a guest that put itself to sleep (VIR_DOMAIN_PMSUSPENDED, ACPI
	// S3): nothing but a wake-up makes it run. libvirt forgets that when it migrates
	// the domain, which is running for it on the destination, where QEMU keeps the
	// guest asleep and wakes it as before.
	StateAsleep
	// StateIncoming is a domain that exists only as the incoming side of a
	// running migration (paused, reason VIR_DOMAIN_PAUSED_MIGRATION, with an
	// incoming job). It is not a home of the VM.
	StateIncoming
	// StatePostCopy runs here while memory is still being fetched from the
	// source (running, reason VIR_DOMAIN_RUNNING_POSTCOPY).
	StatePostCopy
	// StatePostCopySource is what a migration in post-copy has left
	// behind: it never runs again, and holds memory that the destination still
	// fetches (paused, reason VIR_DOMAIN_PAUSED_POSTCOPY). It is not a home of
	// the VM.
	StatePostCopySource
	// StatePostCopyFailed is either part of a post-copy migration that lost its
	// link (reason VIR_DOMAIN_PAUSED_POSTCOPY_FAILED or
	// VIR_DOMAIN_RUNNING_POSTCOPY_FAILED).
	StatePostCopyFailed
	// StateCrashed is a guest that panicked and whose QEMU is kept
	// (VIR_DOMAIN_CRASHED, on_crash = preserve). A domain whose QEMU ended is shut
	// off.
	StateCrashed
)

// String is the state in words.
func (s DomainState) String() string {
	switch s {
	case StateShutOff:
		return "shut off"
	case StateRunning:
		return "running"
	case StatePaused:
		return "paused"
	case StateAsleep:
		return "asleep (pmsuspended)"
	case StateIncoming:
		return "being received"
	case StatePostCopy:
		return "running, in post-copy"
	case StatePostCopySource:
		return "left behind by a migration in post-copy"
	case StatePostCopyFailed:
		return "left by a failed post-copy migration"
	case StateCrashed:
		return "crashed"
	}
	return fmt.Sprintf("state %d", int(s))
}

// Domain is what a host says of a domain.
type Domain struct {
	UUID, Name string
	State      DomainState
	// Reason is why it is paused or shut off.
	Reason Reason
	// Persistent is true when the host keeps a definition of the domain.
	Persistent bool
	// Unresponsive is true for a domain in the switch-over whose QEMU does not
	// answer libvirt: it sends the last of the memory, and the link is dead.
	Unresponsive bool
	// MemoryBytes is the most memory the guest can have.
	MemoryBytes uint64
}

// Active tells whether a QEMU process holds the domain.
func (d Domain) Active() bool { return d.State != StateShutOff }

// live tells whether nothing but the guest itself keeps it from running.
func (d Domain) live() bool { return d.State == StateRunning || d.State == StateAsleep }

// JobType says whether a job runs and how it ended.
type JobType int

// Job types, after virDomainJobType.
const (
	JobNone JobType = iota
	JobRunning
	JobCompleted
	JobFailed
	JobCancelled
)

// JobOperation says what a job does (VIR_DOMAIN_JOB_OPERATION_*).
type JobOperation int

// Operations that the engine tells apart.
const (
	OperationUnknown JobOperation = iota
	OperationMigrationOut
	OperationMigrationIn
	OperationOther
)

// Job is one reading of a job's statistics (virDomainGetJobStats).
type Job struct {
	Type      JobType
	Operation JobOperation
	Elapsed   time.Duration
	// Downtime is the expected pause while the job runs and the real one once
	// it has completed.
	Downtime time.Duration
	// Memory figures are bytes; MemoryProcessed is what was sent.
	MemoryTotal, MemoryProcessed, MemoryRemaining uint64
	// MemoryConstant is bytes of pages that hold one byte over and over, mostly 0: nearly nothing of them is sent.
	MemoryConstant uint64
	// Disk figures are bytes over all disks that are copied; 0 where none is, or before
	// that has begun. They are 0 again in a job that has completed.
	DiskTotal, DiskProcessed, DiskRemaining uint64
	// Disks is the same for each disk, where more than one is copied and as long as no memory
	// is sent; nil where a host does not tell. See Source.DiskCopy.
	Disks []DiskCopy
	// MemoryBandwidth is the present transfer rate in bytes per second.
	MemoryBandwidth uint64
	// DirtyRate is how fast the guest dirties memory, in bytes per second.
	DirtyRate uint64
	// Iteration is the number of the current pass over memory, from 1.
	Iteration uint64
	// Throttle is the share of vCPU time auto-converge takes away, in percent;
	// nil when it does not throttle.
	Throttle *int64
	// Compression figures count pages; nil when the job does not compress.
	CompressionPages, CompressionCacheMisses *int64
	// CompressionCache is the size of the XBZRLE cache in bytes; 0 when the job does not compress.
	CompressionCache uint64
	// CompressionBytes is what was sent of the pages that were compressed; nil as they.
	CompressionBytes *int64
	// PostCopyRequests counts the page requests of the destination in post-copy.
	PostCopyRequests uint64
}

// DiskCopy is one reading of the copy of a disk.
type DiskCopy struct {
	// Target is the guest's device, for example "vda".
	Target string
	// Total is what is to be copied, and Copied what was, in bytes. Total grows by what the guest
	// writes again.
	Total, Copied uint64
}

// Ready tells whether the copy is equal to the disk, and is kept so.
func (d DiskCopy) Ready() bool { return d.Total > 0 && d.Copied == d.Total }

// mirrors tells whether the job copies disks and has sent no memory yet.
func (j Job) mirrors() bool { return j.MemoryTotal == 0 && j.DiskTotal > 0 }

// migratesOut tells whether the job moves the domain to another host.
func (j Job) migratesOut() bool {
	return j.Type == JobRunning && j.Operation == OperationMigrationOut
}

package host

import (
	"context"
	"math"
	"math/bits"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// jobReply is libvirt's reply about a job.
type jobReply struct {
	kind   libvirt.DomainJobType
	params []libvirt.TypedParam
}

// jobStats reads a domain's job. Just after a migration it waits for up to 2.2 s.
func (h *Host) jobStats(
	ctx context.Context, op string, dom libvirt.Domain, flags libvirt.DomainGetJobStatsFlags,
) (jobReply, error) {
	return read(ctx, h, op, rpc.Patient, askJob(dom, flags))
}

func askJob(dom libvirt.Domain, flags libvirt.DomainGetJobStatsFlags) func(*libvirt.Libvirt) (jobReply, error) {
	return func(lv *libvirt.Libvirt) (jobReply, error) {
		kind, params, err := lv.DomainGetJobStats(dom, flags)
		return jobReply{libvirt.DomainJobType(kind), params}, err
	}
}

// carriedStats is jobStats for a migration that may have a connection of its own, which answers
// sooner: where many are under way, the questions on one connection wait for those that a QEMU in
// its switch-over holds up. An answer that does not come must not retire that connection.
func (h *Host) carriedStats(
	ctx context.Context, op, uuid string, dom libvirt.Domain, flags libvirt.DomainGetJobStatsFlags,
) (jobReply, error) {
	c := h.work.carrier(uuid)
	if c == nil || !c.Usable() {
		return h.jobStats(ctx, op, dom, flags)
	}
	limited, cancel := context.WithTimeout(ctx, h.deadlines.Call)
	defer cancel()
	reply, err := rpc.Call(limited, c, 0, rpc.Patient, askJob(dom, flags))
	switch {
	case lostInCall(err) != nil:
		return h.jobStats(ctx, op, dom, flags)
	case err != nil && limited.Err() != nil && ctx.Err() == nil:
		err = &rpc.TimeoutError{After: h.deadlines.Call}
	}
	return reply, h.fail(op, err)
}

// Job is the job that runs on the domain now. One that has failed or was cancelled still runs
// while libvirt cleans up after it, which takes long where disks are copied over a dead link.
func (h *Host) Job(ctx context.Context, uuid string) (migration.Job, error) {
	job, err := h.job(ctx, "read the job's statistics", uuid, 0)
	if job.Type == migration.JobFailed || job.Type == migration.JobCancelled {
		job.Type = migration.JobRunning
	}
	return job, err
}

// CompletedJob is the last completed job of the domain. libvirt drops the statistics of a
// migration that ended in post-copy, which are incomplete (qemuMigrationDstFinish).
func (h *Host) CompletedJob(ctx context.Context, uuid string) (migration.Job, error) {
	return h.job(ctx, "read the completed job's statistics", uuid,
		libvirt.DomainJobStatsCompleted|libvirt.DomainJobStatsKeepCompleted)
}

func (h *Host) job(ctx context.Context, op, uuid string, flags libvirt.DomainGetJobStatsFlags) (migration.Job, error) {
	dom, err := handle(uuid)
	if err != nil {
		return migration.Job{}, h.fail(op, err)
	}
	reply, err := h.carriedStats(ctx, op, uuid, dom, flags)
	if err != nil {
		return migration.Job{}, err
	}
	return reply.job(), nil
}

// DiskCopy is how far the copy of a disk has got. libvirt tells of one that is not ready as if
// something were left of it.
func (h *Host) DiskCopy(ctx context.Context, uuid, target string) (migration.DiskCopy, error) {
	op := "read the copy of disk " + target
	dom, err := handle(uuid)
	if err != nil {
		return migration.DiskCopy{}, h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (migration.DiskCopy, error) {
		_, _, _, copied, total, err := lv.DomainGetBlockJobInfo(dom, target, 0)
		return migration.DiskCopy{Target: target, Total: total, Copied: copied}, err
	})
}

// JobHeld tells whether a call holds the domain's job, and waits for something other than
// QEMU. It waits for no job.
func (h *Host) JobHeld(ctx context.Context, uuid string) (bool, error) {
	const op = "ask what holds the domain"
	dom, err := handle(uuid)
	if err != nil {
		return false, h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (bool, error) {
		state, _, _, err := lv.DomainGetControlInfo(dom, 0)
		return libvirt.DomainControlState(state) == libvirt.DomainControlJob, err
	})
}

// AbortJob asks libvirt to cancel the running job.
func (h *Host) AbortJob(ctx context.Context, uuid string) error {
	return h.command(ctx, "abort the job", uuid, rpc.Urgent, (*libvirt.Libvirt).DomainAbortJob)
}

// StartPostCopy switches a running migration to post-copy.
func (h *Host) StartPostCopy(ctx context.Context, uuid string) error {
	return h.command(ctx, "switch the migration to post-copy", uuid, rpc.Urgent,
		func(lv *libvirt.Libvirt, dom libvirt.Domain) error { return lv.DomainMigrateStartPostCopy(dom, 0) })
}

// MaxDowntime is the longest pause for the switch-over, in milliseconds.
func (h *Host) MaxDowntime(ctx context.Context, uuid string) (uint64, error) {
	const op = "read the maximum downtime"
	dom, err := handle(uuid)
	if err != nil {
		return 0, h.fail(op, err)
	}
	return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (uint64, error) {
		return lv.DomainMigrateGetMaxDowntime(dom, 0)
	})
}

// SetMaxDowntime sets the longest pause for the switch-over, in milliseconds.
func (h *Host) SetMaxDowntime(ctx context.Context, uuid string, milliseconds uint64) error {
	const op = "set the maximum downtime"
	return h.command(ctx, op, uuid, rpc.Patient, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		return lv.DomainMigrateSetMaxDowntime(dom, milliseconds, 0)
	})
}

// SetMaxSpeed limits what a running migration sends, in MiB/s.
func (h *Host) SetMaxSpeed(ctx context.Context, uuid string, mibPerSecond int64) error {
	return h.setMaxSpeed(ctx, "limit the migration's bandwidth", uuid, mibPerSecond, 0)
}

// SetMaxPostCopySpeed limits what a migration sends in the background in post-copy, in MiB/s.
func (h *Host) SetMaxPostCopySpeed(ctx context.Context, uuid string, mibPerSecond int64) error {
	const op = "limit the migration's bandwidth in post-copy"
	return h.setMaxSpeed(ctx, op, uuid, mibPerSecond, libvirt.DomainMigrateMaxSpeedPostcopy)
}

func (h *Host) setMaxSpeed(
	ctx context.Context, op, uuid string, mibPerSecond int64, flags libvirt.DomainMigrateMaxSpeedFlags,
) error {
	return h.command(ctx, op, uuid, rpc.Patient, func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
		return lv.DomainMigrateSetMaxSpeed(dom, uint64(mibPerSecond), uint32(flags))
	})
}

// SetCompressionCache sets the size of the XBZRLE cache of a running migration, in bytes.
func (h *Host) SetCompressionCache(ctx context.Context, uuid string, bytes uint64) error {
	return h.command(ctx, "set the size of the compression cache", uuid, rpc.Patient,
		func(lv *libvirt.Libvirt, dom libvirt.Domain) error {
			return lv.DomainMigrateSetCompressionCache(dom, bytes, 0)
		})
}

// job translates libvirt's statistics.
func (r jobReply) job() migration.Job {
	s := statisticsOf(r.params)
	j := migration.Job{
		Type:      jobType(r.kind),
		Operation: operation(libvirt.DomainJobOperation(s.signed(libvirt.DomainJobOperationStr))),

		Elapsed:  s.milliseconds(libvirt.DomainJobTimeElapsed),
		Downtime: s.milliseconds(libvirt.DomainJobDowntime),

		MemoryTotal:     s.unsigned(libvirt.DomainJobMemoryTotal),
		MemoryProcessed: s.unsigned(libvirt.DomainJobMemoryProcessed),
		MemoryRemaining: s.unsigned(libvirt.DomainJobMemoryRemaining),
		MemoryBandwidth: s.unsigned(libvirt.DomainJobMemoryBps),

		MemoryConstant: product(s.unsigned(libvirt.DomainJobMemoryConstant), s.unsigned(libvirt.DomainJobMemoryPageSize)),

		DiskTotal:     s.unsigned(libvirt.DomainJobDiskTotal),
		DiskProcessed: s.unsigned(libvirt.DomainJobDiskProcessed),
		DiskRemaining: s.unsigned(libvirt.DomainJobDiskRemaining),

		// libvirt gives pages per second.
		DirtyRate: product(s.unsigned(libvirt.DomainJobMemoryDirtyRate), s.unsigned(libvirt.DomainJobMemoryPageSize)),
		Iteration: s.unsigned(libvirt.DomainJobMemoryIteration),

		PostCopyRequests: s.unsigned(libvirt.DomainJobMemoryPostcopyReqs),
	}
	if throttle := s.signed(libvirt.DomainJobAutoConvergeThrottle); throttle > 0 {
		j.Throttle = new(int64(throttle))
	}
	if _, compresses := s[libvirt.DomainJobCompressionPages]; compresses {
		j.CompressionPages = new(int64(s.unsigned(libvirt.DomainJobCompressionPages)))
		j.CompressionCache = s.unsigned(libvirt.DomainJobCompressionCache)
		j.CompressionBytes = new(int64(s.unsigned(libvirt.DomainJobCompressionBytes)))
		j.CompressionCacheMisses = new(int64(s.unsigned(libvirt.DomainJobCompressionCacheMisses)))
	}
	return j
}

// statistics are typed parameters by name; a missing one reads as 0.
type statistics map[string]any

func statisticsOf(params []libvirt.TypedParam) statistics {
	s := make(statistics, len(params))
	for _, p := range params {
		s[p.Field] = p.Value.I
	}
	return s
}

func (s statistics) unsigned(name string) uint64 {
	v, _ := s[name].(uint64)
	return v
}

func (s statistics) signed(name string) int32 {
	v, _ := s[name].(int32)
	return v
}

// milliseconds is a duration, capped at the longest possible.
func (s statistics) milliseconds(name string) time.Duration {
	return time.Duration(min(s.unsigned(name), uint64(math.MaxInt64/time.Millisecond))) * time.Millisecond
}

// product multiplies and caps the result at the highest number.
func product(a, b uint64) uint64 {
	if high, low := bits.Mul64(a, b); high == 0 {
		return low
	}
	return math.MaxUint64
}

func jobType(t libvirt.DomainJobType) migration.JobType {
	switch t {
	case libvirt.DomainJobBounded, libvirt.DomainJobUnbounded:
		return migration.JobRunning
	case libvirt.DomainJobCompleted:
		return migration.JobCompleted
	case libvirt.DomainJobFailed:
		return migration.JobFailed
	case libvirt.DomainJobCancelled:
		return migration.JobCancelled
	}
	return migration.JobNone
}

func operation(o libvirt.DomainJobOperation) migration.JobOperation {
	switch o {
	case libvirt.DomainJobOperationStrUnknown:
		return migration.OperationUnknown
	case libvirt.DomainJobOperationStrMigrationIn:
		return migration.OperationMigrationIn
	case libvirt.DomainJobOperationStrMigrationOut:
		return migration.OperationMigrationOut
	}
	return migration.OperationOther
}

package migration

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Report is how a successful move went.
type Report struct {
	// Subject has no source where that is not known.
	Subject

	// Moved is false when the VM was on the destination already and nothing was
	// done.
	Moved bool
	// Definition is true when only the definition of a VM that is shut off was moved.
	// Of the figures it has StartedAt and Duration then, and no Phase and Policy.
	Definition bool
	// Unwatched is true when nothing was done now, and libvirt on the destination
	// still has the statistics of the migration that brought the VM there: perhaps
	// one that went on when its client was killed. The figures are that
	// migration's: Duration, Downtime, the memory, Iterations, and what was
	// compressed. libvirt does not keep where it came from, when that was and who
	// asked for it, nor anything of one that ended in post-copy; Source, StartedAt,
	// Mode and Phase are left zero, and Throttle nil. Without Unwatched a report
	// that is not Moved has no figures at all.
	Unwatched bool
	// AutostartOff is true with Unwatched for a VM that does not start with its host.
	// Whether it did where it came from is not known: libvirt does not carry autostart.
	AutostartOff bool
	// Adopted is true when the migration was under way already and was only
	// watched.
	Adopted bool
	// Recovered is true when the migration had lost its link in post-copy, and the rest of the
	// memory was sent now: StartedAt and Duration are of that.
	Recovered bool
	// State is what the VM was seen to do on the destination in the end:
	// StateRunning, StateAsleep or StatePaused, or StateCrashed where it was there
	// already; mostly StateShutOff with Definition.
	State     DomainState
	StartedAt time.Time
	// Duration is from the start of the job to its end.
	Duration time.Duration
	// Downtime is how long the guest stood still, by libvirt's figures; nil when
	// libvirt did not keep them.
	Downtime *time.Duration
	// MemoryTotal and MemoryTransferred are bytes.
	MemoryTotal, MemoryTransferred uint64
	// MemoryConstant is bytes of pages of which nearly nothing was sent, because they held one byte over and over.
	MemoryConstant uint64
	// DiskTotal is the capacity of the disks that were copied, and DiskTransferred what was
	// copied, both in bytes; 0 where no disk was, or where that was not seen.
	DiskTotal, DiskTransferred uint64
	// Iterations is the number of passes over memory.
	Iterations uint64
	// Throttle is the highest that auto-converge was seen to throttle the guest,
	// in percent, 0 when it did not; nil when the job was never seen running.
	Throttle *int64
	// Compression figures are pages; nil when nothing was compressed.
	CompressionPages, CompressionCacheMisses *int64
	// CompressionBytes is what was sent of those pages; nil when nothing was compressed.
	CompressionBytes *int64
	// Raises is what the engine has raised while passes made no progress, in its order.
	Raises []Raise
	// Mode is PeerToPeer or Direct; empty when the job was adopted, because libvirt
	// does not tell who drives a job.
	Mode Mode
	// Phase is PhasePreCopy, PhasePaused or PhasePostCopy.
	Phase Phase
	// Policy is what the move was made under, or would have been.
	Policy policy.Effective
	// Warnings is what did not go as it should, without harm to the VM.
	Warnings []Warning
}

// figuresOf fills in what libvirt says of the finished job, or else what was
// last seen of it while it ran.
func (r *Report) figuresOf(completed *Job, e ending) {
	job := e.figures.last
	if completed != nil {
		job = *completed
		r.Downtime = &completed.Downtime
		if completed.Elapsed > 0 {
			r.Duration = completed.Elapsed
		}
	}
	r.MemoryTotal, r.MemoryTransferred = job.MemoryTotal, job.MemoryProcessed
	r.MemoryConstant, r.Iterations = job.MemoryConstant, job.Iteration
	r.CompressionPages, r.CompressionCacheMisses = job.CompressionPages, job.CompressionCacheMisses
	r.CompressionBytes = job.CompressionBytes
	r.DiskTransferred = e.mirror.Total // a VM arrives when nothing of it is left
	if e.figures.seen {
		r.Throttle = new(e.figures.throttle)
	}
}

// downtimeTolerance is how far from the longest downtime QEMU may be: it stops the guest by an
// estimate.
const downtimeTolerance = 1.1

// brokenDowntime is the longest downtime that the policy lets the guest have, where it had a
// longer one; else 0. One that on_timeout has paused is to stand still.
func (r *Report) brokenDowntime() time.Duration {
	longest := time.Duration(r.Policy.LongestDowntimeMS()) * time.Millisecond
	if longest == 0 || r.Adopted || r.Phase != PhasePreCopy || r.Downtime == nil {
		return 0
	}
	if float64(*r.Downtime) <= downtimeTolerance*float64(longest) {
		return 0
	}
	return longest
}

// phaseOf is what ended the migration.
func phaseOf(e ending) Phase {
	switch {
	case e.postCopy:
		return PhasePostCopy
	case e.paused:
		return PhasePaused
	}
	return PhasePreCopy
}

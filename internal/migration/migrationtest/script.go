package migrationtest

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Sizes in bytes.
const (
	MiB = 1 << 20
	GiB = 1 << 30
)

// Pass is one pass over the guest's memory.
type Pass struct {
	// Remaining is what is to be sent in bytes just after the sync that begins
	// the pass; it falls to 0 until the pass ends.
	Remaining uint64
	Lasts     time.Duration
	// DirtyRate is in bytes per second.
	DirtyRate uint64
	// Throttle is in percent; 0 is none.
	Throttle int64
}

// Mirror is the copy of disks.
type Mirror struct {
	// Bytes is what is to be copied, at Rate in bytes per second.
	Bytes, Rate uint64
	// WriteRate is what the guest writes again of what was copied, in bytes per second. The
	// copy never ends where it is not below Rate.
	WriteRate uint64
	// IdleAfter is when the link takes nothing any more; 0 is never.
	IdleAfter time.Duration
}

// lasts is how long the copy takes.
func (m *Mirror) lasts() time.Duration {
	switch {
	case m == nil:
		return 0
	case m.WriteRate >= m.Rate || m.IdleAfter > 0:
		return forEver
	}
	return time.Duration(float64(m.Bytes) / float64(m.Rate-m.WriteRate) * float64(time.Second))
}

// forEver is longer than any test.
const forEver = 1000 * time.Hour

// read fills in what the job says of the copy after a time.
func (m *Mirror) read(job *migration.Job, elapsed time.Duration) {
	elapsed = min(elapsed, m.lasts())
	sending := elapsed
	if m.IdleAfter > 0 {
		sending = min(sending, m.IdleAfter)
	}
	job.DiskTotal = m.Bytes + uint64(float64(m.WriteRate)*elapsed.Seconds())
	job.DiskProcessed = min(job.DiskTotal, uint64(float64(m.Rate)*sending.Seconds()))
	job.DiskRemaining = job.DiskTotal - job.DiskProcessed
}

// Script is how a migration goes.
type Script struct {
	// Passes is what the job goes through before it ends; with Endless the last
	// one is repeated for ever.
	Passes  []Pass
	Endless bool
	// Starting is how long the job has no memory figures.
	Starting time.Duration
	// Disks is how the disks are copied before any memory is sent; nil copies none.
	Disks *Mirror
	// Connecting is how long libvirt connects for the memory once the destination is
	// prepared: it holds the domain's job, and calls that need that wait. Unconnected is
	// what it fails with then; nil goes on to Starting.
	Connecting  time.Duration
	Unconnected error
	// MutePeer is a destination whose libvirt does not answer the source: the job
	// neither begins nor ends, and cannot be cancelled. With Err it fails after Starting.
	MutePeer bool
	// IdleAfter is when the link stops taking anything; 0 is never. The job then
	// goes on for ever.
	IdleAfter time.Duration
	// Err is what the job fails with at the end of its passes; nil is success.
	Err error
	// LeavePaused leaves the guest paused on the source when the job ends there.
	LeavePaused bool
	// ArrivePaused leaves the guest paused on the destination.
	ArrivePaused bool
	// Reason is why a guest that is left paused is so.
	Reason migration.Reason
	// KeepDefinition leaves a definition on the source after success.
	KeepDefinition bool
	// ForgetDefinition leaves none on the destination.
	ForgetDefinition bool
	// AbortTakes is how long the job takes to end after it was aborted.
	AbortTakes time.Duration
	// PausedTakes is how long a job takes to end once the guest is paused; 0 is
	// for ever.
	PausedTakes time.Duration
	// PostCopyTakes is how long post-copy lasts, and PostCopyErr how it fails.
	PostCopyTakes time.Duration
	PostCopyErr   error
	// QuietPostCopy has no page request counted in post-copy.
	QuietPostCopy bool
	// Downtime is what the completed job says.
	Downtime time.Duration
	// CompressionPages and CompressionCacheMisses are counted by a job that
	// compresses.
	CompressionPages, CompressionCacheMisses int64
	// MissesPerPass is how many pages miss the XBZRLE cache in each pass, as many as hit it; 0
	// leaves it at the two figures above.
	MissesPerPass int64
}

// Converging needs three passes and 14 s to arrive.
func Converging() Script {
	return Script{
		Passes: []Pass{
			{Remaining: 600 * MiB, Lasts: 10 * time.Second},
			{Remaining: 180 * MiB, Lasts: 3 * time.Second, DirtyRate: 18 * MiB},
			{Remaining: 60 * MiB, Lasts: time.Second, DirtyRate: 18 * MiB},
		},
		AbortTakes: 1600 * time.Millisecond,
		Downtime:   35 * time.Millisecond,
	}
}

// Endless dirties memory faster than it is sent: every pass of 2 s begins with
// the same 120 MiB.
func Endless() Script {
	return Script{
		Passes: []Pass{
			{Remaining: 600 * MiB, Lasts: 10 * time.Second},
			{Remaining: 120 * MiB, Lasts: 2 * time.Second, DirtyRate: 110 * MiB},
		},
		Endless:    true,
		AbortTakes: 1600 * time.Millisecond,
		Downtime:   35 * time.Millisecond,
	}
}

// lasts is how long the passes take.
func (s Script) lasts() time.Duration {
	total := s.begins()
	for _, p := range s.Passes {
		total += p.Lasts
	}
	return total
}

// begins is how long the job takes until its first memory figures.
func (s Script) begins() time.Duration { return s.Connecting + s.Starting + s.Disks.lasts() }

// reading is what the job says after a time.
func (s Script) reading(elapsed time.Duration) migration.Job {
	job := migration.Job{Type: migration.JobRunning, Operation: migration.OperationMigrationOut, Elapsed: elapsed}
	if before := s.Connecting + s.Starting; s.Disks != nil && elapsed >= before {
		s.Disks.read(&job, elapsed-before)
	}
	if s.MutePeer || elapsed < s.begins() || len(s.Passes) == 0 {
		return job
	}
	if s.IdleAfter > 0 {
		elapsed = min(elapsed, s.IdleAfter)
	}
	job.MemoryTotal = s.Passes[0].Remaining
	into := elapsed - s.begins()
	for i := 0; ; i++ {
		pass := s.Passes[min(i, len(s.Passes)-1)]
		done := into >= pass.Lasts
		if done && (s.Endless || i+1 < len(s.Passes)) {
			into -= pass.Lasts
			job.MemoryProcessed += pass.Remaining
			continue
		}
		share := min(1, float64(into)/float64(pass.Lasts))
		sent := uint64(share * float64(pass.Remaining))
		job.Iteration = uint64(i + 1)
		job.MemoryProcessed += sent
		job.MemoryRemaining = pass.Remaining - sent
		job.MemoryBandwidth = uint64(float64(pass.Remaining) / pass.Lasts.Seconds())
		job.DirtyRate = pass.DirtyRate
		if pass.Throttle > 0 {
			job.Throttle = new(pass.Throttle)
		}
		return job
	}
}

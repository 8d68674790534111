package migration

import "time"

// Phase is what a move is doing. The phases of one move come in the order of
// this list and never go back; most moves leave some out.
type Phase string

// The phases. The report of a finished move has one of PhasePreCopy,
// PhasePaused and PhasePostCopy: what ended it.
const (
	// PhaseStarting has no memory sent yet.
	PhaseStarting Phase = "starting"
	// PhaseMirroring copies disks; the guest runs on the source, and no memory is sent yet.
	PhaseMirroring Phase = "mirroring"
	// PhasePreCopy sends memory while the guest runs on the source.
	PhasePreCopy Phase = "pre_copy"
	// PhasePaused sends memory while the guest is paused by on_timeout.
	PhasePaused Phase = "paused"
	// PhasePostCopy fetches memory while the guest runs on the destination.
	PhasePostCopy Phase = "post_copy"
	// PhaseCancelling waits for libvirt to end the job.
	PhaseCancelling Phase = "cancelling"
	// PhaseVerifying observes both hosts.
	PhaseVerifying Phase = "verifying"
)

// Progress is what is told of a move while it goes on: about every 5 s, and
// whenever something happens.
type Progress struct {
	Subject

	Phase Phase
	// Notice is what has just happened; zero for a reading that was due.
	Notice Notice
	// Elapsed is the time since the start of the move, or of the migration that it adopts.
	Elapsed time.Duration
	// Pass is the number of the pass over memory, 0 before the first.
	Pass uint64
	// Remaining is the memory still to be sent, of Total, in bytes. It rises at
	// the end of each pass.
	Remaining, Total uint64
	// Bandwidth is what is sent and DirtyRate what the guest dirties, in bytes
	// per second.
	Bandwidth, DirtyRate uint64
	// Share is what it may send of the budget of its links, in MiB/s; 0 without a budget.
	Share int64
	// Throttle is the share of vCPU time that auto-converge takes away, in
	// percent; nil when it does not throttle.
	Throttle *int64
	// Mirror is the copy of disks; zero where none is copied, and before that begins.
	Mirror MirrorFigures
	// Estimate is when the memory will have been sent if the last passes are
	// anything to go by, less than a day; nil where nothing can be said. In
	// PhaseMirroring it is when the disks will have been copied.
	Estimate *time.Duration
	// Hopeless is true when the last passes left as much as those before them.
	Hopeless bool
}

// Reading is one reading of a running job, in a phase of its move.
type Reading struct {
	Phase Phase
	Job   Job
	// Share is what the migration may send of the budget of its links, in MiB/s; 0 without one.
	Share int64
}

// reading fills in what a running job says.
func (p *Progress) reading(job Job, t trend, mirror MirrorFigures) {
	p.Mirror = mirror
	if p.Phase == PhaseMirroring {
		p.Estimate = mirror.estimate()
		return
	}
	p.Pass = job.Iteration
	p.Remaining, p.Total = job.MemoryRemaining, job.MemoryTotal
	p.Bandwidth, p.DirtyRate = job.MemoryBandwidth, job.DirtyRate
	p.Throttle = job.Throttle
	p.Estimate = estimate(p.Phase, job, t)
	p.Hopeless = p.Phase == PhasePreCopy && t.hopeless()
}

// longestEstimate is from where on an estimate says nothing.
const longestEstimate = 24 * time.Hour

// estimate is when the memory will have been sent if the trend goes on: what
// remains of this pass, and of all that follow, each of which begins with the
// same share of the one before; together remaining + last boundary × share / (1 -
// share). Nothing is dirtied while the guest is paused or runs elsewhere. It is
// nil where that would be never, or is not known. It is not told either where it
// would be a day or more: that is a link that is nearly dead, and no measure of
// the migration.
func estimate(phase Phase, job Job, t trend) *time.Duration {
	left := float64(job.MemoryRemaining)
	switch share, known := t.share(); {
	case job.MemoryBandwidth == 0:
		return nil
	case phase == PhasePaused || phase == PhasePostCopy:
	case phase != PhasePreCopy || !known || share >= hopelessShare:
		return nil
	default:
		left += float64(t[len(t)-1]) * share / (1 - share)
	}
	seconds := left / float64(job.MemoryBandwidth)
	if seconds >= longestEstimate.Seconds() {
		return nil
	}
	return new(time.Duration(seconds * float64(time.Second)))
}

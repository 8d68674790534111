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
	// PhasePreCopy sends memory while the guest runs on the source.
	PhasePreCopy Phase = "pre_copy"
	// PhasePaused sends memory while the guest is paused by on_timeout.
	PhasePaused Phase = "paused"
	// PhasePostCopy fetches memory while the guest runs on the destination.
	PhasePostCopy Phase = "post_copy"
	// PhaseCancelling waits for libvirt to call the job off.
	PhaseCancelling Phase = "cancelling"
	// PhaseVerifying looks at both hosts.
	PhaseVerifying Phase = "verifying"
)

// Progress is what is told of a move while it goes on: about every 5 s, and
// whenever something happens.
type Progress struct {
	Subject

	Phase Phase
	// Notice is what has just happened; zero for a reading that was due.
	Notice Notice
	// Elapsed is the time since the start of the job.
	Elapsed time.Duration
	// Pass is the number of the pass over memory, 0 before the first.
	Pass uint64
	// Remaining is the memory still to be sent, of Total, in bytes. It rises at
	// the end of each pass.
	Remaining, Total uint64
	// Bandwidth is what is sent and DirtyRate what the guest dirties, in bytes
	// per second.
	Bandwidth, DirtyRate uint64
	// Throttle is the share of vCPU time that auto-converge takes away, in
	// percent; nil when it does not throttle.
	Throttle *int64
	// Estimate is when the memory will have been sent if the last passes are
	// anything to go by, less than a day; nil where nothing can be said.
	Estimate *time.Duration
	// Hopeless is true when the last passes left as much as those before them.
	Hopeless bool
}

// reading fills in what a running job says.
func (p *Progress) reading(job Job, t trend) {
	p.Pass = job.Iteration
	p.Remaining, p.Total = job.MemoryRemaining, job.MemoryTotal
	p.Bandwidth, p.DirtyRate = job.MemoryBandwidth, job.DirtyRate
	p.Throttle = job.Throttle
	p.Estimate = estimate(p.Phase, job, t)
	p.Hopeless = p.Phase == PhasePreCopy && t.hopeless()
}

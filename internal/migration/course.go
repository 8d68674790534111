package migration

import (
	"cmp"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Cause is why the engine ended a migration.
type Cause string

// The causes.
const (
	// NoCause is a migration that the engine did not end.
	NoCause Cause = ""
	// CausedByCaller was cancelled by whoever asked for the move.
	CausedByCaller Cause = "cancelled"
	// CausedByTimeout lasted longer than the policy's timeout.
	CausedByTimeout Cause = "timeout"
	// CausedByStall made no progress for the policy's stall_timeout.
	CausedByStall Cause = "stalled"
	// CausedByThrottle throttled the guest by more than the policy's max_throttle_percent.
	CausedByThrottle Cause = "throttled too much"
	// CausedByMirror copied disks, of which for the policy's stall_timeout no less was left
	// than ever before.
	CausedByMirror Cause = "disks stalled"
	// CausedByIdleLink sent no byte for the policy's stall_timeout.
	CausedByIdleLink Cause = "link stalled"
	// CausedByNoStart sent nothing for StartLimit, while the destination held no
	// incoming domain.
	CausedByNoStart Cause = "never started"
	// CausedBySilence is a direct migration whose destination did not answer for
	// SilentDestinationLimit.
	CausedBySilence Cause = "destination silent"
)

// Limits of the engine itself that can end a migration, beside those of the policy.
const (
	StartLimit             = startLimit
	SilentDestinationLimit = desertedLimit
	PauseLimit             = pauseGrace
	StallPasses            = stallPasses
	LullPatience           = lullPatience
)

// Course is how a migration went, as far as that was seen.
type Course struct {
	// Mode is who drove it; empty when it was not begun, or was adopted: libvirt does not
	// tell who drives a job.
	Mode Mode
	// Adopted is true when the migration was under way already and was only watched.
	Adopted bool
	// Policy is what it was made under, and MigrationURI where memory was to be sent,
	// empty when the destination chose.
	Policy       policy.Effective
	MigrationURI string
	// Elapsed is the time from the start of the job to its end.
	Elapsed time.Duration
	// Cause is why the engine ended it.
	Cause Cause
	// Obeyed is true when libvirt accepted the order to abort the job, OrderErr is why it
	// did not, and Cancelling how long it had to end the job, or took to.
	Obeyed     bool
	OrderErr   error
	Cancelling time.Duration
	// Aborted is true when the source's libvirt said that the job was cancelled, by
	// the engine or by someone else. Halted is true when a direct migration ended
	// between two of its steps, before any memory was sent.
	Aborted, Halted bool
	// Err is what the calls that carried the migration out returned; nil after success,
	// and where it was watched without them. Unprepared is true when the destination did
	// not prepare for the VM and was seen to hold no incoming domain.
	Err        error
	Unprepared bool
	// Refusal is why a peer-to-peer migration was refused before anything was sent, which
	// this direct one was made instead of; nil where it was not.
	Refusal error
	// Watched is true when the migration was watched without its calls: they were lost
	// for the reason in LostCall, or made by another client.
	Watched  bool
	LostCall error
	// Unseen is why the end was not seen; nil when it was. Unstopped is true when the
	// reason is a job that did not end in time.
	Unseen    error
	Unstopped bool
	// Connecting is how long libvirt on the source connected to the destination, and took
	// no orders; 0 when that was not seen.
	Connecting time.Duration
	// PostCopy is true when the migration was switched to post-copy.
	PostCopy bool
	// Attempt is what came of on_timeout.
	Attempt Attempt
	Figures Figures
	// Raises is what the engine has raised in mid-move.
	Raises []Raise
	// Suspended is true when somebody suspended the guest in mid-move, and was not seen to
	// resume it.
	Suspended bool
}

// Lingered tells whether libvirt took, or has taken so far, longer to end the job than it ever
// does without mirrors of disks.
func (c Course) Lingered() bool { return c.Figures.Mirrored && c.Cancelling >= cleanupGrace }

// Cancelled tells whether the migration ended as the engine had decided.
func (c Course) Cancelled() bool { return c.Obeyed || c.Aborted || c.Halted }

// AttemptResult is what came of on_timeout.
type AttemptResult string

// The results.
const (
	// NoAttempt is a migration to which on_timeout was not applied, or that it ended.
	NoAttempt AttemptResult = ""
	// AttemptPaused paused the guest, which did not end the migration in time.
	AttemptPaused AttemptResult = "paused"
	// AttemptUnanswered told libvirt to pause the guest, and libvirt did not answer.
	AttemptUnanswered AttemptResult = "unanswered"
	// AttemptRefused could not pause the guest, or switch to post-copy.
	AttemptRefused AttemptResult = "refused"
	// AttemptSkipped was not made, for the reason in Skipped.
	AttemptSkipped AttemptResult = "skipped"
)

// Skipped is why on_timeout was not applied.
type Skipped string

// The reasons.
const (
	SkippedPaused   Skipped = "guest paused"
	SkippedAsleep   Skipped = "guest asleep"
	SkippedNoMemory Skipped = "no memory sent"
	SkippedIdleLink Skipped = "link idle"
	// SkippedMirroring is a migration that still copied disks.
	SkippedMirroring Skipped = "disks being copied"
)

// Attempt is what came of on_timeout.
type Attempt struct {
	Action  policy.OnTimeout
	Result  AttemptResult
	Skipped Skipped
	// Idle is how long no byte had been sent, where that is why it was skipped.
	Idle time.Duration
	Err  error
}

// Figures is what was measured of a migration.
type Figures struct {
	// Begun is true once it had memory figures at all. Last is the last reading.
	Begun bool
	Last  Job
	// Throttle is the highest throttle seen, in percent.
	Throttle int64
	// Bandwidth and DirtyRate are the last that were not 0, in bytes per second.
	Bandwidth, DirtyRate uint64
	// Least is the least memory, in bytes, that remained after a pass; nil before the
	// end of the first.
	Least *uint64
	// Mirrored is true once it had figures of disks; Mirror has the last.
	Mirrored bool
	Mirror   MirrorFigures
	// DiskTotal is the capacity of the disks that were to be copied, in bytes; 0 where none was.
	DiskTotal uint64
}

// Mirrors tells whether it had got as far as the copy of disks, which comes before memory.
func (f Figures) Mirrors() bool { return f.Mirrored && !f.Begun }

// course is how the migration went.
func (m *move) course(e ending) Course {
	mode := e.mode
	if m.adopted {
		mode = ""
	}
	return Course{
		Mode: mode, Adopted: m.adopted, Policy: m.Policy, MigrationURI: m.MigrationURI,
		Elapsed: e.elapsed, Cause: e.verdict.cause(),
		Obeyed: e.taken, OrderErr: e.orderError, Cancelling: e.cancelling,
		Aborted: e.aborted(), Halted: errors.Is(e.err, errHalted),
		Err: e.err, Unprepared: errors.Is(e.err, errUnprepared), Refusal: e.refusal,
		Watched: e.watched, LostCall: e.lostCall,
		Unseen: e.unseen, Unstopped: errors.Is(e.unseen, errUnstopped),
		Connecting: e.connecting, PostCopy: e.postCopy, Suspended: e.suspended,
		Attempt: e.attempt(m.Policy.OnTimeout()), Raises: e.ladder.raises,
		Figures: Figures{
			Begun: e.figures.begun, Last: e.figures.last, Throttle: e.figures.throttle,
			Bandwidth: e.figures.bandwidth, DirtyRate: e.figures.dirtyRate, Least: e.least,
			Mirrored: e.figures.mirrored, Mirror: e.mirror,
			DiskTotal: cmp.Or(m.Storage.bytes(), e.mirror.Total),
		},
	}
}

// cause is the verdict as callers see it.
func (v verdict) cause() Cause {
	switch v {
	case byCaller:
		return CausedByCaller
	case outOfTime:
		return CausedByTimeout
	case stalled:
		return CausedByStall
	case linkStalled:
		return CausedByIdleLink
	case overThrottled:
		return CausedByThrottle
	case mirrorStalled:
		return CausedByMirror
	case neverStarted:
		return CausedByNoStart
	case deserted:
		return CausedBySilence
	case none:
	}
	return NoCause
}

// attempt is what came of on_timeout.
func (e ending) attempt(on policy.OnTimeout) Attempt {
	a := Attempt{Action: on}
	switch {
	case e.paused:
		a.Result = AttemptPaused
	case !e.pausing.IsZero() && (e.stepError == nil || Lost(e.stepError)):
		a.Result, a.Err = AttemptUnanswered, e.stepError
	case e.hindrance != unhindered:
		a.Result, a.Skipped, a.Idle = AttemptSkipped, e.hindrance.skipped(), e.idle
	case e.stepError != nil:
		a.Result, a.Err = AttemptRefused, e.stepError
	}
	return a
}

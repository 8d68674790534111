package migration

// cause is the event that makes the engine cancel a migration.
type cause int

const (
	callerAsked cause = iota + 1
	// limitReached is a limit of the policy with on_timeout = "abort", or with an
	// on_timeout that cannot be tried.
	limitReached
	// pauseRefused, pauseUnanswered and pausedInVain are on_timeout = "pause" that did
	// not help, switchNotMade is on_timeout = "post_copy".
	pauseRefused
	pauseUnanswered
	pausedInVain
	switchNotMade
	// nothingReceived is a job that sends nothing to a destination that receives nothing.
	nothingReceived
	// destinationLost is a destination of a direct migration that does not answer.
	destinationLost
)

// verdict is why the engine ends a migration. Outside the engine it is Cause.
type verdict int

const (
	none verdict = iota
	byCaller
	// outOfTime is the policy's timeout, stalled and linkStalled its stall_timeout: no
	// progress from pass to pass, or no byte sent.
	outOfTime
	stalled
	linkStalled
	// overThrottled is the policy's max_throttle_percent.
	overThrottled
	// mirrorStalled is the policy's stall_timeout, too: the disks do not get ready.
	mirrorStalled
	// neverStarted is nothingReceived, deserted is destinationLost.
	neverStarted
	deserted
)

// verdict of a cause. A limit of the policy stays the reason when what on_timeout
// tried did not help.
func (c cause) verdict(limit verdict) verdict {
	switch c {
	case callerAsked:
		return byCaller
	case nothingReceived:
		return neverStarted
	case destinationLost:
		return deserted
	case limitReached, pauseRefused, pauseUnanswered, pausedInVain, switchNotMade:
		return limit
	}
	return none
}

// hindrance is why on_timeout is not tried. Outside the engine it is Skipped.
type hindrance int

const (
	unhindered hindrance = iota
	guestPaused
	guestAsleep
	nothingSent
	linkIdle
	disksUnready
)

package migration

// effectKind is what is to be done.
type effectKind int

const (
	// Orders to the source, and questions. Of each kind one is under way at a time.
	orderAbort effectKind = iota
	orderPause
	orderSwitch
	askSource
	askDestination
	orderCount

	// noteLimit notes which limit of the policy was reached.
	noteLimit
	// endMigration decides that the migration is to end, for a cause.
	endMigration
	// withdrawCancel takes that decision back: it would lose the VM.
	withdrawCancel
	// stopWatching notes why the end was not seen.
	stopWatching

	// What the caller is told.
	tellReading
	tellSilence
	tellAnswersAgain
	tellOtherJob
	tellCallLost
	tellPausing
	tellPaused
	tellPauseUnanswered
	tellSwitching
	tellSwitched
	tellPostCopy
	tellLink
	tellTooLate
)

// effect is one thing that the table wants done.
type effect struct {
	kind effectKind
	// cause is why the migration is to end.
	cause cause
	// unseen is why the end is not seen.
	unseen error
}

// isOrder tells whether the effect makes a call to a host.
func (e effect) isOrder() bool { return e.kind < orderCount }

// answered is the call to a host that a kind of event is the answer to.
func answered(on eventKind) (order effectKind, answers bool) {
	switch on {
	case onAbortAnswer:
		return orderAbort, true
	case onPauseAnswer:
		return orderPause, true
	case onSwitchAnswer:
		return orderSwitch, true
	case onSourceSeen:
		return askSource, true
	case onDestinationSeen:
		return askDestination, true
	default:
		return 0, false
	}
}

func do(kinds ...effectKind) []effect {
	all := make([]effect, len(kinds))
	for i, kind := range kinds {
		all[i] = effect{kind: kind}
	}
	return all
}

func cancelFor(c cause) []effect { return []effect{{kind: endMigration, cause: c}} }

func giveUp(unseen error) []effect { return []effect{{kind: stopWatching, unseen: unseen}} }

// cause is what has just made the engine cancel a migration.
type cause int

const (
	callerAsked cause = iota + 1
	// limitReached is a limit of the policy with on_timeout = "abort", or with another
	// one that cannot be tried.
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

// verdict is why the engine ends a migration, as its error tells it.
type verdict int

const (
	none verdict = iota
	byCaller
	outOfTime
	stalled
	linkStalled
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

// hindrance is why on_timeout is not tried.
type hindrance int

const (
	unhindered hindrance = iota
	guestPaused
	guestAsleep
	nothingSent
	linkIdle
)

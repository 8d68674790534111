package migration

// effectKind is the kind of an effect.
type effectKind int

const (
	// Orders to the source, and questions. Of each kind one is under way at a time.
	orderAbort effectKind = iota
	orderPause
	orderSwitch
	askSource
	askDestination
	askGuest
	// orderDowntime and orderCache raise what the ladder wants.
	orderDowntime
	orderCache
	// orderShare holds the migration to another share of a budget.
	orderShare
	orderCount

	// noteWaiting notes that a lull is waited for.
	noteWaiting
	// noteLimit notes which limit of the policy was reached.
	noteLimit
	// endMigration decides that the migration is to end, for a cause.
	endMigration
	// withdrawCancel takes that decision back, because ending it would lose the VM.
	withdrawCancel
	// stopWatching notes why the end was not seen.
	stopWatching

	// What the caller is told.
	tellReading
	tellSilence
	tellAnswersAgain
	tellConnecting
	tellOtherJob
	tellCallLost
	tellPausing
	tellPaused
	tellPauseUnanswered
	tellSwitching
	tellSwitched
	tellPostCopy
	tellLink
	tellWaiting
	tellLadder
	tellShareKept
	tellTooLate
	tellLingering
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
	case onGuestSeen:
		return askGuest, true
	case onDowntimeAnswer:
		return orderDowntime, true
	case onCacheAnswer:
		return orderCache, true
	case onShareAnswer:
		return orderShare, true
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

func stopFor(unseen error) []effect { return []effect{{kind: stopWatching, unseen: unseen}} }

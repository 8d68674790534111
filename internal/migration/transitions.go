package migration

// transition is one line of the table: in a state, on an event, if a guard holds, go
// to a state and take effects.
type transition struct {
	in state
	on eventKind
	// when is nil where the line always holds.
	when func(facts) bool
	// to is stay, impossible, or a state.
	to state
	do []effect
}

const (
	// stay goes nowhere.
	stay state = 0
	// ignored is an event of which nothing is noted, and for which nothing is done.
	ignored state = 1 << stateCount
	// impossible is an event that cannot come in a state. If it comes all the same, it
	// is ignored.
	impossible state = 1 << (stateCount + 1)
)

// Sets of states and events for the table.
var (
	// cancellable states are left for cancelling when the migration is to end.
	cancellable = starting | mirroring | preCopy | pausing | paused | switching
	// watched states may end by what the source says of the job, or does not say.
	watched = cancellable | postCopy | cancelling
	// unfinished states wait for the calls to end.
	unfinished = watched | finishing
	everyState = unfinished | concluding | ended

	orderAnswers = onPauseAnswer | onSwitchAnswer | onAbortAnswer
	answers      = orderAnswers | onSourceSeen
	// raiseAnswers decide nothing.
	raiseAnswers = onDowntimeAnswer | onCacheAnswer
	// shares decide nothing either.
	shares     = onShare | onShareAnswer
	everyEvent = onReading | onSilence | onResult | onCancel | onTick | onCalled | onAllSent | onDestinationLost |
		answers | raiseAnswers | shares | onDestinationSeen | onGuestSeen
)

// always is the guard of a line that holds whatever the facts are.
var always func(facts) bool

// transitions is all that a migration may do. The first line that fits an event holds.
// Its guard sees the facts with what the event says.
var transitions = []transition{
	// The calls tell the end, once libvirt has answered the orders under way.
	{watched, onResult, facts.callLost, stay, do(tellCallLost)},
	{unfinished, onResult, facts.ordersUnderWay, concluding, nil},
	{unfinished, onResult, always, ended, nil},
	{concluding, orderAnswers, facts.ordersUnderWay, stay, nil},
	{concluding, orderAnswers, always, ended, nil},

	// Where they do not, the source does, until it has been silent for too long.
	{watched, onTick, facts.jobOver, ended, nil},
	{watched, onTick, facts.callOutlivesJob, ended, stopFor(errLostCall)},
	{watched, onTick, facts.sourceLost, ended, stopFor(errSilent)},
	{watched, onTick, facts.connectOverdue, ended, stopFor(errHeld)},
	{cancelling, onTick, facts.graceOver, ended, stopFor(errUnstopped)},

	// Two points of no return: a cancel that was decided before them is withdrawn, or comes too late.
	{switching | cancelling, onSwitchAnswer, facts.inPostCopy, postCopy, do(tellSwitched, withdrawCancel)},
	{switching | cancelling, onSourceSeen, facts.inPostCopy, postCopy, do(tellPostCopy, withdrawCancel)},
	{cancellable | cancelling, onReading, facts.inPostCopy, postCopy, do(tellPostCopy, withdrawCancel)},
	{watched, onAllSent, always, finishing, nil},
	{finishing, onReading | onSwitchAnswer | onSourceSeen, facts.inPostCopy, stay, do(withdrawCancel)},
	{postCopy | finishing | concluding, onCancel, always, stay, do(tellTooLate)},

	// What makes the migration end before them.
	{cancellable, onCancel, always, cancelling, cancelFor(callerAsked)},
	{starting | mirroring | preCopy | pausing | paused, onDestinationLost, always, cancelling, cancelFor(destinationLost)},
	// The source is silent, and the destination runs the guest.
	{cancellable | cancelling, onTick, facts.arrived, stay, nil},

	{starting | mirroring, onReading, facts.memorySent, preCopy, nil},
	{starting, onReading, facts.diskSent, mirroring, nil},
	{starting | mirroring, onTick, facts.limitReached, cancelling, cancelFor(limitReached)},
	{starting, onTick, facts.nothingReceived, cancelling, cancelFor(nothingReceived)},
	{starting, onTick, facts.receptionInDoubt, stay, do(askDestination)},

	{preCopy, onTick, facts.pauseWanted, pausing, do(noteLimit, tellPausing)},
	{preCopy, onTick, facts.switchWanted, switching, do(noteLimit, tellSwitching)},
	{preCopy, onTick, facts.waitWanted, stay, do(noteWaiting, tellWaiting)},
	{preCopy, onTick, facts.abortWanted, cancelling, cancelFor(limitReached)},

	// Its share of a budget. Before memory is sent libvirt would forget it, or let it wait.
	{preCopy | paused | postCopy, onTick, facts.shareDue, stay, do(orderShare)},
	{unfinished | concluding, onShareAnswer, facts.shareRefused, stay, do(tellShareKept)},

	// The ladder: what is raised while passes make no progress.
	{starting | mirroring | preCopy, onTick, facts.downtimeDue, stay, do(orderDowntime)},
	{preCopy, onTick, facts.cacheDue, stay, do(orderCache)},
	{unfinished | concluding, raiseAnswers, facts.hasNews, stay, do(tellLadder)},

	{preCopy, onTick, facts.stateDue, stay, do(askGuest)},

	{pausing, onTick, facts.pauseOverdue, cancelling, cancelFor(pauseUnanswered)},
	{pausing, onTick, facts.pauseDue, stay, do(orderPause)},
	{pausing, onPauseAnswer, facts.accepted, paused, do(tellPaused)},
	{pausing, onPauseAnswer, facts.refused, cancelling, cancelFor(pauseRefused)},
	{pausing, onPauseAnswer, always, stay, do(tellPauseUnanswered)},
	{paused, onTick, facts.pauseOverdue, cancelling, cancelFor(pausedInVain)},

	{switching, onTick, facts.switchDue, stay, do(orderSwitch)},
	{switching, onSwitchAnswer, facts.switchOverdue, stay, do(askSource)},
	{switching, onSourceSeen, facts.switchNotMade, cancelling, cancelFor(switchNotMade)},

	// Until it is known that the switch was not made, no order to abort is due.
	{cancelling, onTick, facts.abortDue, stay, do(orderAbort)},
	{cancelling, onSwitchAnswer, facts.unanswered, stay, do(askSource)},
	{cancelling, onAbortAnswer, facts.postCopyInDoubt, stay, do(askSource)},
	{cancelling, onTick, facts.lingers, stay, do(tellLingering)},

	{postCopy, onReading, always, stay, do(tellLink)},

	// What is only noted.
	{unfinished | concluding, onReading | onSilence | onTick, always, stay, nil},
	{unfinished | concluding, onDestinationSeen | onGuestSeen | raiseAnswers | shares, always, stay, nil},
	{starting | postCopy, onCalled, always, stay, nil}, // in post-copy, the call that recovers it
	{switching | postCopy | cancelling, onDestinationLost, always, stay, nil},
	{switching, onSwitchAnswer | onSourceSeen, always, stay, nil},
	{postCopy | finishing | cancelling, answers, always, stay, nil},
	{cancelling, onCancel, always, stay, nil},
	{concluding, onSourceSeen, always, stay, nil},

	// What comes too late: halted calls do not make the call that they announce.
	{cancelling, onCalled, always, ignored, nil},
	{ended, everyEvent, always, ignored, nil},

	// What is impossible: an answer without an order, or what the calls have passed.
	{starting | mirroring | preCopy, answers, always, impossible, nil},
	{pausing, onSwitchAnswer | onAbortAnswer | onSourceSeen, always, impossible, nil},
	{paused, answers, always, impossible, nil},
	{switching, onPauseAnswer | onAbortAnswer, always, impossible, nil},
	{unfinished&^(starting|postCopy|cancelling) | concluding, onCalled, always, impossible, nil},
	{finishing | concluding, onAllSent | onDestinationLost, always, impossible, nil},
	{concluding, onResult, always, impossible, nil},
}

// decide is what an event leads to: the next state, and what is to be done. It depends
// on nothing but its arguments.
func decide(s state, on eventKind, f facts) (next state, todo []effect) {
	for _, t := range transitions {
		if !s.in(t.in) || !on.in(t.on) || t.when != nil && !t.when(f) {
			continue
		}
		if t.to == stay {
			return s, t.do
		}
		return t.to, t.do
	}
	return s, nil // a test proves that a line fits
}

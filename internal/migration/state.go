package migration

import (
	"math/bits"
	"strings"
	"time"
)

// state is where a migration stands. Each is a bit, so that a line of the table of
// transitions can name several.
type state uint

const (
	// starting has sent no memory: libvirt prepares, or waits for another job.
	starting state = 1 << iota
	// preCopy sends memory while the guest runs on the source.
	preCopy
	// pausing has ordered the guest to be paused, and libvirt has not said that it is.
	pausing
	// paused sends the rest of the memory of a guest that on_timeout has paused.
	paused
	// switching has ordered the switch to post-copy, which is not known to be made.
	switching
	// postCopy runs the guest on the destination, which fetches the rest of the memory.
	// There is no way back.
	postCopy
	// finishing has all memory of a direct migration on the destination. There is no
	// way back: the calls that are left must be made.
	finishing
	// cancelling waits for libvirt to end the job.
	cancelling
	// concluding knows how the calls have ended, and waits for libvirt's answers to
	// orders under way: they tell what has ended them.
	concluding
	// ended has nothing more to watch.
	ended
)

var stateNames = []string{
	"starting", "pre-copy", "pausing", "paused", "switching", "post-copy", "finishing", "cancelling", "concluding", "ended",
}

// stateCount is how many states there are.
const stateCount = 10

// index is the number of one state.
func (s state) index() int { return bits.TrailingZeros(uint(s)) }

// in tells whether a state is one of several.
func (s state) in(several state) bool { return s&several != 0 }

// String names one state or several.
func (s state) String() string { return bitNames(uint(s), stateNames) }

func bitNames(set uint, names []string) string {
	var said []string
	for i, name := range names {
		if set&(1<<i) != 0 {
			said = append(said, name)
		}
	}
	return strings.Join(said, "|")
}

// eventKind is the kind of an event. Each is a bit, as for state.
type eventKind uint

const (
	// onReading is the source's answer to what its job does, also that there is none.
	onReading eventKind = 1 << iota
	// onSilence is a question for the job that the source did not answer.
	onSilence
	// onResult is the end of the calls that carry the migration out.
	onResult
	// onCancel is the caller's wish that the migration ends.
	onCancel
	// onTick is time that has passed. One follows every event.
	onTick
	// onCalled is the moment before the call is made that begins the job.
	onCalled
	// onAllSent is the moment at which all memory of a direct migration is on the
	// destination, before that is told to start the guest.
	onAllSent
	// onDestinationLost is a destination of a direct migration that has not answered
	// for desertedLimit while memory is being sent.
	onDestinationLost
	// onPauseAnswer, onSwitchAnswer and onAbortAnswer are what came of the orders to
	// the source.
	onPauseAnswer
	onSwitchAnswer
	onAbortAnswer
	// onSourceSeen and onDestinationSeen are what came of a look at a host's domain.
	onSourceSeen
	onDestinationSeen
)

var eventNames = []string{
	"reading", "silence", "result", "cancel", "tick", "called", "all sent", "destination lost",
	"pause answer", "switch answer", "abort answer", "source seen", "destination seen",
}

// in tells whether a kind of event is one of several.
func (h eventKind) in(several eventKind) bool { return h&several != 0 }

// String names one kind of event or several.
func (h eventKind) String() string { return bitNames(uint(h), eventNames) }

// event is one thing that happened. Which of job, domain and err hold depends on its
// kind.
type event struct {
	kind eventKind
	// at is when it happened; asked is when the question was put that it answers.
	at, asked time.Time
	job       Job
	domain    Domain
	// arrived is true for a silence of the source while the destination runs the guest.
	arrived bool
	err     error
}

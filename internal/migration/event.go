package migration

import "time"

// eventKind is the kind of an event. Each is a bit, as for state.
type eventKind uint

const (
	// onReading is the source's answer to what its job does, also that there is none.
	onReading eventKind = 1 << iota
	// onSilence is a question about the job that the source did not answer.
	onSilence
	// onResult is the end of the calls that carry the migration out.
	onResult
	// onCancel is the caller's request to cancel the migration.
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
	// onPauseAnswer, onSwitchAnswer and onAbortAnswer are the answers to orders to the
	// source.
	onPauseAnswer
	onSwitchAnswer
	onAbortAnswer
	// onSourceSeen and onDestinationSeen are observations of a host's domain.
	onSourceSeen
	onDestinationSeen
	// onGuestSeen is an observation of the source's domain that nothing but the report
	// rests on.
	onGuestSeen
	// onDowntimeAnswer and onCacheAnswer are the answers to what the ladder raises.
	onDowntimeAnswer
	onCacheAnswer
	// onShare is another share of the budget, onShareAnswer the answer to what is ordered then.
	onShare
	onShareAnswer
)

var eventNames = []string{
	"reading", "silence", "result", "cancel", "tick", "called", "all sent", "destination lost",
	"pause answer", "switch answer", "abort answer", "source seen", "destination seen", "guest seen",
	"downtime answer", "cache answer", "share", "share answer",
}

// in tells whether a kind of event is one of several.
func (k eventKind) in(several eventKind) bool { return k&several != 0 }

// String names one kind of event or several.
func (k eventKind) String() string { return bitNames(uint(k), eventNames) }

// event is one thing that happened. Which of job, domain, share and err hold depends on its
// kind.
type event struct {
	kind eventKind
	// at is when it happened; asked is when the question was put that it answers.
	at, asked time.Time
	job       Job
	domain    Domain
	share     int64
	// arrived is true for a silence of the source while the destination runs the guest,
	// held is true for one of a source that answers, and where a call holds the job. stuck is
	// true for one whose QEMU does not answer, in the switch-over of a migration with disks.
	arrived, held, stuck bool
	err                  error
}

package migration

import "time"

// EventKind is what has happened in a move.
type EventKind string

// The events.
const (
	// NoEvent is a reading that was due.
	NoEvent EventKind = ""
	// EventDoubt is a finding that does not keep the move from starting.
	EventDoubt EventKind = "doubt"
	// EventStarted is the start of the migration in Mode.
	EventStarted EventKind = "started"
	// EventAdopted is a migration that runs already, since For.
	EventAdopted EventKind = "adopted"
	// EventDirect goes on in direct mode: because of Err, or because the destination
	// has no peer_uri.
	EventDirect EventKind = "direct"
	// EventQueued is another job on the VM that has to end first.
	EventQueued EventKind = "queued"
	// EventSending is the first memory.
	EventSending EventKind = "sending"
	// EventCallLost is the loss of the call that started the migration, to Err.
	EventCallLost EventKind = "call lost"
	// EventSilent is a source that does not answer, EventAnswers one that does again.
	EventSilent  EventKind = "source silent"
	EventAnswers EventKind = "source answers"
	// EventPausing and EventSwitching apply on_timeout, because of Cause, which came
	// after For.
	EventPausing   EventKind = "pausing"
	EventSwitching EventKind = "switching to post-copy"
	// EventPaused is a guest that on_timeout has paused, EventPauseUnanswered an order
	// to do so that was not answered.
	EventPaused          EventKind = "paused"
	EventPauseUnanswered EventKind = "pause unanswered"
	// EventSwitched is a switch to post-copy that was made, EventPostCopy a migration
	// that is seen to be in post-copy. Kept is true when it was to be cancelled, which
	// is not possible any more.
	EventSwitched EventKind = "switched to post-copy"
	EventPostCopy EventKind = "post-copy"
	// EventIdleLink is post-copy that has fetched nothing for For.
	EventIdleLink EventKind = "link idle"
	// EventCancelling is the decision to end the migration, because of Cause, which came
	// after For, and what had come of on_timeout until then.
	EventCancelling EventKind = "cancelling"
	// EventTooLate is a wish to cancel when the VM is being started on the destination,
	// EventUncancellable one in post-copy.
	EventTooLate       EventKind = "too late to cancel"
	EventUncancellable EventKind = "post-copy cannot be cancelled"
	// EventVerifying looks at both hosts.
	EventVerifying EventKind = "verifying"
	// EventDowntimeLater is max_downtime_ms that could not be set yet, to Err,
	// EventDowntimeNever one that cannot be set.
	EventDowntimeLater EventKind = "max_downtime_ms not set yet"
	EventDowntimeNever EventKind = "max_downtime_ms not set"
)

// Event is one thing that has happened in a move.
type Event struct {
	Kind    EventKind
	Mode    Mode
	Cause   Cause
	Attempt Attempt
	For     time.Duration
	Err     error
	Finding *Finding
	Kept    bool
}

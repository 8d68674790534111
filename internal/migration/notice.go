package migration

import "time"

// NoticeKind is what has happened in a move.
type NoticeKind string

// The notices.
const (
	// NoNotice is a reading that was due.
	NoNotice NoticeKind = ""
	// NoticeDoubt is a finding that does not keep the move from starting.
	NoticeDoubt NoticeKind = "doubt"
	// NoticeStarted is the start of the migration in Mode.
	NoticeStarted NoticeKind = "started"
	// NoticeDefinition is the start of the move of a definition in Mode.
	NoticeDefinition NoticeKind = "definition"
	// NoticeRecovering sends the rest of the memory of a post-copy that has lost its link, in Mode.
	NoticeRecovering NoticeKind = "recovering"
	// NoticeAdopted is a migration that runs already, since For.
	NoticeAdopted NoticeKind = "adopted"
	// NoticeDirect goes on in direct mode: because a peer-to-peer migration was refused
	// for the reason in Err, or because the destination has no peer_uri.
	NoticeDirect NoticeKind = "direct"
	// NoticeQueued is another job on the VM that has to end first.
	NoticeQueued NoticeKind = "queued"
	// NoticeMirroring is the first of the disks that are copied.
	NoticeMirroring NoticeKind = "copying disks"
	// NoticeSending is the first memory.
	NoticeSending NoticeKind = "sending"
	// NoticeCallLost is the loss of the call that started the migration, to Err.
	NoticeCallLost NoticeKind = "call lost"
	// NoticeSilent is a source that does not answer, NoticeAnswers one that does again.
	NoticeSilent  NoticeKind = "source silent"
	NoticeAnswers NoticeKind = "source answers"
	// NoticeConnecting is a source that connects to the destination for the memory, since
	// For, and takes no orders meanwhile.
	NoticeConnecting NoticeKind = "connecting"
	// NoticeRaised is what the ladder has raised in Raise, NoticeCacheKept an XBZRLE cache that
	// was not made larger, because of Err.
	NoticeRaised    NoticeKind = "raised"
	NoticeCacheKept NoticeKind = "cache not grown"
	// NoticeShareKept is a migration that libvirt does not hold to another share of a budget, to Err.
	NoticeShareKept NoticeKind = "share not changed"
	// NoticeWaiting is on_timeout that waits for a pass that leaves little memory, because of
	// Cause, which came after For.
	NoticeWaiting NoticeKind = "waiting for a lull"
	// NoticePausing and NoticeSwitching apply on_timeout, because of Cause, which came
	// after For.
	NoticePausing   NoticeKind = "pausing"
	NoticeSwitching NoticeKind = "switching to post-copy"
	// NoticePaused is a guest that on_timeout has paused, NoticePauseUnanswered an order
	// to pause it that was not answered.
	NoticePaused          NoticeKind = "paused"
	NoticePauseUnanswered NoticeKind = "pause unanswered"
	// NoticeSwitched is a switch to post-copy that was made, NoticePostCopy a migration
	// that is seen to be in post-copy. Kept is true when it was to be cancelled, which
	// is no longer possible.
	NoticeSwitched NoticeKind = "switched to post-copy"
	NoticePostCopy NoticeKind = "post-copy"
	// NoticeIdleLink is post-copy that has fetched nothing for For.
	NoticeIdleLink NoticeKind = "link idle"
	// NoticeCancelling is the decision to end the migration, because of Cause, which came
	// after For, and what had come of on_timeout until then.
	NoticeCancelling NoticeKind = "cancelling"
	// NoticeLingering is a job that was cancelled For ago, and whose mirrors of disks QEMU
	// has not ended: the link to the destination is dead.
	NoticeLingering NoticeKind = "lingering"
	// NoticeTooLate is a request to cancel while the VM is being started on the
	// destination, NoticeOver one after the migration has ended, NoticeUncancellable one
	// in post-copy.
	NoticeTooLate       NoticeKind = "too late to cancel"
	NoticeOver          NoticeKind = "too late to cancel, ended"
	NoticeUncancellable NoticeKind = "post-copy cannot be cancelled"
	// NoticeVerifying observes both hosts.
	NoticeVerifying NoticeKind = "verifying"
	// NoticeDowntimeLater is max_downtime_ms that could not be set yet, to Err,
	// NoticeDowntimeNever one that cannot be set.
	NoticeDowntimeLater NoticeKind = "max_downtime_ms not set yet"
	NoticeDowntimeNever NoticeKind = "max_downtime_ms not set"
)

// Notice is one thing that has happened in a move.
type Notice struct {
	Kind    NoticeKind
	Mode    Mode
	Cause   Cause
	Attempt Attempt
	For     time.Duration
	Err     error
	Finding *Finding
	Raise   Raise
	// Throttle is the highest that was seen, in percent.
	Throttle int64
	Kept     bool
	// Again is true for a notice that was given before, Connecting while libvirt connects.
	Again, Connecting bool
}

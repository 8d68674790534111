package migration

import "time"

// WarningKind is what did not go as it should, without harm to the VM.
type WarningKind string

// The warnings.
const (
	// WarningStranded is a guest that a lost client has left paused.
	WarningStranded WarningKind = "stranded"
	// WarningCrashed is a guest that panicked and whose QEMU is kept.
	WarningCrashed WarningKind = "crashed"
	// WarningUncancellable was cancelled in post-copy, WarningTooLate after the switch-over.
	WarningUncancellable WarningKind = "cancelled in post-copy"
	WarningTooLate       WarningKind = "cancelled too late"
	// WarningDirect is a direct migration that was made because a peer-to-peer one was
	// refused, for the reason in Err, before anything was sent.
	WarningDirect WarningKind = "direct instead of peer-to-peer"
	// WarningSuspended is a guest that somebody suspended in mid-move, and that runs now.
	WarningSuspended WarningKind = "suspended in mid-move"
	// WarningPaused is a guest that is paused after a migration that was adopted.
	WarningPaused WarningKind = "paused"
	// WarningAsleep is a guest that was asleep when its move began.
	WarningAsleep WarningKind = "asleep"
	// WarningDefinition is a shut-off definition that the source keeps. Err is why it may
	// start with its host; nil when it does not.
	WarningDefinition WarningKind = "definition left"
	// WarningTransient is a VM that was persistent and is not any more.
	WarningTransient WarningKind = "transient"
	// WarningAutostart is autostart that was not carried to the destination.
	WarningAutostart WarningKind = "autostart not carried"
	// WarningCheckpoints is metadata of checkpoints that was not carried.
	WarningCheckpoints WarningKind = "checkpoints not carried"
	// WarningDowntime is max_downtime_ms that was not set, because of Err.
	WarningDowntime WarningKind = "max_downtime_ms not set"
	// WarningLongDowntime is a guest that stood still for longer than the policy lets it, for Longest.
	WarningLongDowntime WarningKind = "downtime longer than max_downtime_ms"
)

// Warning is one thing that did not go as it should, without harm to the VM.
type Warning struct {
	Kind WarningKind
	Err  error
	// Persistent is true when the destination keeps a definition of the VM.
	Persistent bool
	// Other is where the other copy of a stranded guest may run.
	Other OtherCopy
	// Longest is the longest downtime that the policy lets a guest have.
	Longest time.Duration
	// Autostart and Checkpoints are what was not carried.
	Autostart   *LostAutostart
	Checkpoints *LostCheckpoints
}

func (r *Report) warn(w Warning) { r.Warnings = append(r.Warnings, w) }

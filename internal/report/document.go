package report

import (
	"encoding/json"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// Version is the version of documents that this package makes. Members may be added
// within a version; none changes its meaning.
const Version = 1

// Document is the report of one move. The guide "Move reports" documents it for users.
type Document struct {
	Version int `json:"version"`
	VM      VM  `json:"vm"`
	// Move is the entry of the VM's history: when, from, to, policy, outcome, figures.
	Move      history.Entry `json:"move"`
	Preflight Preflight     `json:"preflight"`
	// Guest is nil where the job was never seen running.
	Guest *Guest `json:"guest,omitempty"`
	// Events are in the order in which they happened, and so are Samples.
	Events  []Event  `json:"events"`
	Samples []Sample `json:"samples"`
	// Messages are the error or the warnings that the move ended with.
	Messages []Message `json:"messages"`
}

// VM is what was to be moved.
type VM struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
}

// Preflight is what the checks before the start said.
type Preflight struct {
	Findings []Finding `json:"findings"`
	// Unchecked has checks that could not be made, or not in all parts, and why.
	Unchecked []Unchecked `json:"unchecked"`
}

// Finding is the result of a check.
type Finding struct {
	Check string `json:"check"`
	// Host is at fault; empty when none is.
	Host string `json:"host,omitempty"`
	// Severity is "error" or "warning".
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	Remedy   string `json:"remedy,omitempty"`
}

// Unchecked is a check that could not be made, or not in all parts.
type Unchecked struct {
	Check  string `json:"check"`
	Reason string `json:"reason"`
}

// Event is a thing that happened, or was decided.
type Event struct {
	// ElapsedMS is the time since the start of the move, in milliseconds; negative before.
	ElapsedMS int64  `json:"elapsed_ms"`
	Event     string `json:"event"`
	Phase     string `json:"phase,omitempty"`
	// Cause is why the engine has decided it; empty where it has not.
	Cause   string `json:"cause,omitempty"`
	Message string `json:"message"`

	at time.Time
}

// Sample is one reading of the running job.
type Sample struct {
	// ElapsedMS is the time since the start of the move, in milliseconds.
	ElapsedMS int64  `json:"elapsed_ms"`
	Phase     string `json:"phase"`
	Pass      uint64 `json:"pass"`
	// Memory is in bytes, rates in bytes per second.
	MemoryTotal       uint64 `json:"memory_total_bytes"`
	MemoryTransferred uint64 `json:"memory_transferred_bytes"`
	MemoryRemaining   uint64 `json:"memory_remaining_bytes"`
	// Disk figures are over all disks that are copied, in bytes.
	DiskTotal       uint64 `json:"disk_total_bytes,omitempty"`
	DiskTransferred uint64 `json:"disk_transferred_bytes,omitempty"`
	DiskRemaining   uint64 `json:"disk_remaining_bytes,omitempty"`
	Bandwidth       uint64 `json:"bandwidth_bytes_per_second"`
	DirtyRate       uint64 `json:"dirty_rate_bytes_per_second"`
	// Share is what it may send of the budget of its links, in MiB/s.
	Share int64 `json:"share_mib_per_second,omitempty"`
	// Throttle is in percent of vCPU time.
	Throttle *int64 `json:"throttle_percent,omitempty"`
	// DowntimeMS is the pause that QEMU expects for the switch-over, in milliseconds.
	DowntimeMS       int64  `json:"expected_downtime_ms"`
	CompressionPages *int64 `json:"compression_pages,omitempty"`
	CacheMisses      *int64 `json:"compression_cache_misses,omitempty"`
	PostCopyRequests uint64 `json:"post_copy_requests,omitempty"`

	at time.Time
}

// Message is a diagnostic of the move.
type Message struct {
	// Severity is "error" or "warning".
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
}

// JSON is the document as text.
func (d Document) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	return append(text, '\n'), err
}

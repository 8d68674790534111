package history

import (
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Stop is what an evacuation does with a VM that it does not move: the VM starts again once its host is back. It is
// written before the VM is stopped, and goes with its start.
type Stop struct {
	// Evacuation is its ID, and By what it does with the VM: shut_down or managed_save.
	Evacuation string            `json:"evacuation"`
	By         policy.Evacuation `json:"by"`
	At         time.Time         `json:"at"`
	// Host is where the VM was stopped.
	Host Host `json:"host"`
}

// Leaving tells whether an evacuation, by its ID, has begun to move the VM away from a host, by the UUIDs that it has
// and had, and nobody has noted how that has ended.
func (h *History) Leaving(evacuation string, host ...string) bool {
	return h.first(func(e Entry) bool {
		return e.Outcome == Started && e.Evacuation == evacuation && slices.Contains(host, e.From.UUID)
	}) != nil
}

// Evacuated is the move by which an evacuation, by its ID, took the VM away from a host, by the UUIDs that it has and
// had; nil where it did not. last is false where another move has taken the VM elsewhere since. Moves whose end nobody
// has watched have to be settled before.
func (h *History) Evacuated(evacuation string, host ...string) (move *Entry, last bool) {
	newest := h.first(func(e Entry) bool { return e.Outcome == Completed })
	move = h.first(func(e Entry) bool {
		return e.Outcome == Completed && e.Evacuation == evacuation && slices.Contains(host, e.From.UUID)
	})
	return move, move != nil && move == newest
}

package report

import (
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Guest is what the guest feels of a move, as far as libvirt's figures tell: nobody looks into it. Beside this it has
// its downtime, in the figures of the move.
type Guest struct {
	// PausedMS is for how much of its downtime on_timeout has paused it: libvirt counts from there.
	PausedMS int64 `json:"paused_ms"`
	// ThrottleLossMS is the time that auto-converge took from its vCPUs: the throttle, summed up over time. A guest that
	// has CPU to spare loses less, and the cost of the migration itself is not in it.
	ThrottleLossMS int64 `json:"throttle_loss_ms"`
}

// feels is what the samples of a job tell of its guest; each holds until the next one.
func feels(samples []Sample) Guest {
	var paused, lost int64 // lost is in percent of milliseconds
	for i, s := range samples[:max(0, len(samples)-1)] {
		lasts := samples[i+1].ElapsedMS - s.ElapsedMS
		switch {
		case s.Phase == string(migration.PhasePaused):
			paused += lasts
		case s.Throttle != nil:
			lost += lasts * *s.Throttle
		}
	}
	return Guest{PausedMS: paused, ThrottleLossMS: lost / 100}
}

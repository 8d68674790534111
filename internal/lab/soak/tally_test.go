//go:build lab

package soak

import (
	"fmt"
	"time"
)

// tally sums the moves up.
type tally struct {
	arrived, cancelled, tooLate  int
	downtime, gap, beyond, total time.Duration // the longest of each, but for total
}

// add counts a move that has ended.
func (t *tally) add(a attempt, arrived bool, took, downtime, gap time.Duration) {
	switch {
	case !arrived:
		t.cancelled++
	case a.patience > 0 && took > a.patience:
		t.tooLate++
	default:
		t.arrived++
	}
	t.total += took
	t.downtime, t.gap, t.beyond = max(t.downtime, downtime), max(t.gap, gap), max(t.beyond, gap-downtime)
}

func (t tally) String() string {
	return fmt.Sprintf("%d moves arrived, %d were cancelled, %d too late to be; %.0f s in all; longest downtime %s, longest gap between heartbeats %.1f s, at most %.1f s beyond the downtime",
		t.arrived, t.cancelled, t.tooLate, t.total.Seconds(), t.downtime, t.gap.Seconds(), t.beyond.Seconds())
}

package lab

import "time"

// Felt is what a guest felt of a move, as it measured it itself.
type Felt struct {
	// Blackout is its longest silence, less the time between two beats.
	Blackout time.Duration
	// Lost is the work that its load would have done besides, had nothing disturbed it, as the time that it takes then.
	// It includes the blackout.
	Lost time.Duration
}

// Felt compares a period of time with one that nothing disturbed.
func (p *Pulse) Felt(undisturbed Record, from, to time.Time) Felt {
	return feel(undisturbed, p.Between(from, to), to.Sub(from))
}

func feel(undisturbed, disturbed Record, lasted time.Duration) Felt {
	felt := Felt{Blackout: max(0, disturbed.LongestGap-BeatPeriod)}
	if undisturbed.DirtyRate > 0 {
		felt.Lost = max(0, time.Duration((1-disturbed.DirtyRate/undisturbed.DirtyRate)*float64(lasted)))
	}
	return felt
}

package migration

import "time"

// suspension is what is seen of a guest that somebody suspends in mid-move. libvirt takes
// the suspend for a part of the migration, and gives the guest the same state and reason as
// the switch-over does. The guest then runs on the destination, or, if the migration fails,
// on the source, whatever it was last asked to do.
type suspension struct {
	// ran is true once the guest was known to run. One that was paused when its migration
	// was adopted may be so by on_timeout of another run.
	ran bool
	// paused is when the guest was first seen to be paused; zero while it runs.
	paused time.Time
	// seen is true once it was paused with too much left to be sent for a switch-over.
	seen bool
}

const (
	// defaultDowntime is QEMU's downtime-limit where nothing sets another.
	defaultDowntime = 300 * time.Millisecond
	// suspensionMargin is how many times as long as that limit the rest of the memory must
	// take to be sent: QEMU begins the switch-over by an estimate.
	suspensionMargin = 3
)

// observe takes what the source says of the guest.
func (s *suspension) observe(asked time.Time, d Domain) {
	switch {
	case d.State == StateRunning:
		*s = suspension{ran: true} // where it was paused, it runs again, as it was last asked to
	case d.State == StatePaused && d.Reason == ReasonMigration && s.ran && s.paused.IsZero():
		s.paused = asked
	}
}

// read takes what the source says of the job, which it was asked for at a time. downtime
// is the longest pause for the switch-over.
func (s *suspension) read(asked time.Time, job Job, downtime time.Duration) {
	if s.paused.IsZero() || asked.Before(s.paused) || job.MemoryBandwidth == 0 {
		return
	}
	left := time.Duration(float64(job.MemoryRemaining) / float64(job.MemoryBandwidth) * float64(time.Second))
	s.seen = s.seen || left > suspensionMargin*downtime
}

// stateDue tells whether to ask what the guest does: somebody else may suspend it. One that
// did not run before, or that on_timeout pauses, is not asked about.
func (f facts) stateDue() bool {
	return f.ranBefore && !f.asleep && !f.source.silent && f.source.running &&
		!f.underWay(askGuest) && f.since(f.orders[askGuest].made) >= pollInterval
}

// downtimeLimit is the longest pause for the switch-over.
func (f facts) downtimeLimit() time.Duration {
	if ms := f.limits.LongestDowntimeMS(); ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	return defaultDowntime
}

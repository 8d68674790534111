package migration

import (
	"math"
	"slices"
	"time"
)

// stallDetector detects that a migration makes no progress. It takes every reading of
// the job and judges only at the boundaries of passes over memory: inside a pass the
// remaining memory falls by itself, however hopeless the migration is.
//
// A migration is stalled when, over the longer of window and stallPasses
// passes, no boundary had less memory remaining than every one before it and
// the throttle did not rise.
type stallDetector struct {
	window time.Duration

	previous *Job
	// least is the least memory that remained at a boundary, nil before the
	// first; throttle is the highest seen.
	least    *uint64
	throttle int64
	// boundary is what remained at the boundary that the last reading showed; nil for none.
	boundary *uint64
	// trend has what remained at the last boundaries.
	trend trend
	// progress is when either of them last got better, passes the boundaries
	// since then.
	progress time.Time
	passes   int
}

// observe takes a reading of the running job and tells whether the migration
// is stalled.
func (s *stallDetector) observe(now time.Time, job Job) bool {
	previous := s.previous
	s.previous, s.boundary = &job, nil
	progress := s.rose(job)
	boundary := previous != nil && job.Iteration > previous.Iteration
	if boundary {
		remaining := remainingAtBoundary(*previous, job)
		s.boundary = &remaining
		s.trend.add(remaining)
		progress = s.less(remaining) || progress
	}
	switch {
	case progress:
		s.progress, s.passes = now, 0
		return false
	case !boundary:
		return false
	}
	s.passes++
	return s.window > 0 && s.passes >= stallPasses && now.Sub(s.progress) >= s.window
}

// rose notes the throttle and tells whether it is higher than ever.
func (s *stallDetector) rose(job Job) bool {
	if job.Throttle == nil || *job.Throttle <= s.throttle {
		return false
	}
	s.throttle = *job.Throttle
	return true
}

// less notes what remained at a boundary and tells whether it is less than ever.
func (s *stallDetector) less(remaining uint64) bool {
	if s.least != nil && remaining >= *s.least {
		return false
	}
	s.least = &remaining
	return true
}

// remainingAtBoundary is the memory that remained just after the sync between
// two readings. The later reading comes some time after the sync, when part of
// the new pass has been sent already; which part, is what was sent between the
// readings less what remained of the old pass. Without it a minimum would be
// found wherever a reading happens to come late. Of several syncs it is the mean.
func remainingAtBoundary(before, after Job) uint64 {
	if after.Iteration <= before.Iteration || after.MemoryProcessed < before.MemoryProcessed {
		return after.MemoryRemaining
	}
	sent := after.MemoryProcessed - before.MemoryProcessed
	if sent <= before.MemoryRemaining {
		return after.MemoryRemaining
	}
	return (after.MemoryRemaining + sent - before.MemoryRemaining) / (after.Iteration - before.Iteration)
}

// linkDetector detects that nothing is sent any more.
type linkDetector struct {
	sent uint64
	last time.Time
}

// observe takes a reading of the running job and returns for how long no byte
// has been sent.
func (l *linkDetector) observe(now time.Time, job Job) time.Duration {
	if sent := job.MemoryProcessed + job.DiskProcessed; l.last.IsZero() || sent != l.sent {
		l.sent, l.last = sent, now
	}
	return now.Sub(l.last)
}

// trend is what remained at the last boundaries of passes, oldest first. It, not
// the dirty rate, tells whether a migration converges: a guest that writes to the same
// pages again and again has a dirty rate as high as the bandwidth, because QEMU counts
// a page once a pass.
type trend []uint64

// trendPasses is over how many passes the trend is judged.
const trendPasses = 2

func (t *trend) add(remaining uint64) {
	*t = append(slices.Clone(*t), remaining)
	if len(*t) > trendPasses+1 {
		*t = (*t)[1:]
	}
}

// share is what a pass leaves of what the pass before it left, 1 being no
// progress. It is not known before there were enough passes.
func (t trend) share() (share float64, known bool) {
	if len(t) <= trendPasses || t[0] == 0 {
		return 0, false
	}
	return math.Pow(float64(t[len(t)-1])/float64(t[0]), 1./trendPasses), true
}

// hopelessShare is from where on a trend leads nowhere: what remains is halved
// in 14 passes, within the noise of the readings.
const hopelessShare = 0.95

// hopeless tells whether the trend leads nowhere.
func (t trend) hopeless() bool {
	share, known := t.share()
	return known && share >= hopelessShare
}

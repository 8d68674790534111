package migration

import (
	"math"
	"time"
)

// trend is what remained at the last boundaries of passes, oldest first. It, not
// the dirty rate, tells where a migration is going: a guest that writes to the
// same pages again and again has a dirty rate as high as the bandwidth, whatever
// it does, because QEMU counts a page once a pass.
type trend []uint64

// trendPasses is over how many passes the trend is judged.
const trendPasses = 2

func (t *trend) add(remaining uint64) {
	*t = append(*t, remaining)
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

// longestEstimate is from where on an estimate says nothing.
const longestEstimate = 24 * time.Hour

// estimate is when the memory will have been sent if the trend goes on: what
// remains of this pass, and of all that follow, each of which begins with the
// same share of the one before; together remaining + last boundary × share / (1 -
// share). Nothing is dirtied while the guest is paused or runs elsewhere. It is
// nil where that would be never, or is not known. It is not told either where it
// would be a day or more: that is a link that is nearly dead, and no measure of
// the migration.
func estimate(phase Phase, job Job, t trend) *time.Duration {
	left := float64(job.MemoryRemaining)
	switch share, known := t.share(); {
	case job.MemoryBandwidth == 0:
		return nil
	case phase == PhasePaused || phase == PhasePostCopy:
	case phase != PhasePreCopy || !known || share >= hopelessShare:
		return nil
	default:
		left += float64(t[len(t)-1]) * share / (1 - share)
	}
	seconds := left / float64(job.MemoryBandwidth)
	if seconds >= longestEstimate.Seconds() {
		return nil
	}
	return new(time.Duration(seconds * float64(time.Second)))
}

// hopeless tells whether the trend leads nowhere.
func (t trend) hopeless() bool {
	share, known := t.share()
	return known && share >= hopelessShare
}

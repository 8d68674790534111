package forecast

const mib = 1 << 20

// line is a guess of how many distinct bytes a guest dirties in a time: fast until it has been over its working set
// once, at the knee, and slow from then on. It is concave: a guest that goes over the same pages again and again
// dirties nothing new after a while. Rates are in bytes per second.
type line struct{ knee, fast, slow float64 }

func (l line) at(seconds float64) float64 {
	return restless*min(1, seconds/tick) + l.fast*min(seconds, l.knee) + l.slow*max(0, seconds-l.knee)
}

// window is the time in which so much is dirtied.
func (l line) window(bytes float64) float64 {
	switch working := l.at(l.knee); {
	case bytes <= l.at(tick):
		return tick * bytes / l.at(tick)
	case bytes <= working:
		return (bytes - restless) / l.fast
	case l.slow > 0:
		return min(forever, l.knee+(bytes-working)/l.slow)
	}
	return forever
}

// restless is what even an idle guest dirties at once, in bytes.
const restless = 0.1 * mib

// The lines that are thought of: every knee with every rate up to it, and with some from then on.
const (
	// No second is likelier for a knee than another: a knee counts for the time from the one before it.
	//
	// shortestKnee and longestKnee are in seconds: a pass is hardly shorter, and what comes after the longest window that
	// is measured may be nothing new or more of the same.
	shortestKnee, longestKnee, kneeStep = 0.2, 40, 1.12
	// slowestRate is that of a guest that does nothing, in bytes per second.
	slowestRate, rateStep = 0.1 * mib, 1.06
)

// slowShares are rates after the knee, as a share of that before it, with how likely they are before anything is
// measured.
var slowShares = []struct{ share, likelihood float64 }{{0, 0.4}, {0.03, 0.3}, {0.1, 0.2}, {0.3, 0.1}}

// lines calls visit with each line that a guest of so much memory may have, and how likely it is before anything is
// measured.
func lines(memory float64, visit func(l line, likelihood float64)) {
	for knee := shortestKnee; knee <= longestKnee; knee *= kneeStep {
		for fast := slowestRate; fast*shortestKnee <= memory; fast *= rateStep {
			if fast*knee > memory {
				break
			}
			for _, slow := range slowShares {
				visit(line{knee, fast, fast * slow.share}, knee*slow.likelihood)
			}
		}
	}
}

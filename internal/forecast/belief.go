package forecast

import (
	"cmp"
	"math"
	"slices"
)

// guess is one possibility of what is not known of a guest.
type guess struct {
	line
	// lazy is how much of what a throttle takes from the guest it can spare, as far as it was idle: 0 is nothing, and 1
	// all that it did not use.
	lazy float64
	// likelihood is how likely it is, beside the others: all of them together have 1.
	likelihood float64
}

// belief is all that is thought possible of a guest, likeliest first.
type belief []guess

const (
	// negligible is how likely a guess is that is forgotten, beside the likeliest.
	negligible = 1e-3
	// mostGuesses bounds the work.
	mostGuesses = 500
)

// lazies are the values of guess.lazy.
var lazies = []float64{0, 0.5, 1}

// believe weighs every line by how well it explains what was measured.
func believe(m Measurement) belief {
	memory := float64(m.MemoryBytes)
	var drawn []counts
	for _, s := range m.Samples {
		drawn = append(drawn, s.counts(memory))
	}
	var b belief
	likeliest := 0.0
	lines(memory, func(l line, likelihood float64) {
		for i, s := range m.Samples {
			likelihood *= drawn[i].luck(min(memory, l.at(float64(s.WindowMS)/1000)))
			if likelihood < negligible*likeliest {
				return // no sample makes it likelier
			}
		}
		likeliest = max(likeliest, likelihood)
		b = append(b, guess{line: l, likelihood: likelihood})
	})
	return b.settled(mostGuesses)
}

// settled is the belief without what is negligible, and with likelihoods that come to 1.
func (b belief) settled(most int) belief {
	slices.SortStableFunc(b, func(x, y guess) int { return cmp.Compare(y.likelihood, x.likelihood) })
	for i, g := range b {
		if g.likelihood < negligible*b[0].likelihood {
			b = b[:i]
			break
		}
	}
	b = b[:min(len(b), most)]
	sum := 0.0
	for _, g := range b {
		sum += g.likelihood
	}
	for i := range b {
		b[i].likelihood /= sum
	}
	return b
}

// longestWindow is the longest of a usual measurement, in seconds.
const longestWindow = 8

// least is what is dirtied in so many seconds at the least.
func (b belief) least(seconds float64) float64 {
	least := math.Inf(1)
	for _, g := range b {
		least = min(least, g.at(seconds))
	}
	return least
}

// throttled is the belief with each guess of what a throttle does to the guest.
func (b belief) throttled() belief {
	var all belief
	for _, g := range b {
		for _, lazy := range lazies {
			g.lazy = lazy
			all = append(all, g)
		}
	}
	return all.settled(len(all))
}

const (
	// offFirst is by how much the model is off of what the first pass sends, offAgain of what is sent again, as shares:
	// moves of a steady guest under one policy differ by as much. offThrottle is by how much it is off of the highest
	// throttle, in percent.
	offFirst    = 0.04
	offAgain    = 0.1
	offThrottle = 12
	// otherVerdict is what it costs to be wrong in whether a move ends at all, otherMeans in how it ends, and mostOff the
	// most that one earlier move costs, in powers of e: a guest may have done something else then.
	otherVerdict, otherMeans, mostOff = 3, 1, 5
)

// learn weighs each guess by how well it explains how earlier moves went, and returns of how many that was so.
func (m *model) learn(f Facts) (moves int) {
	for _, p := range f.Past {
		then := *m
		var known bool
		if then.link, known = f.link(limit(p.Policy)); !known || p.Outcome == Unknown || p.Duration <= 0 {
			continue
		}
		moves++
		for i, g := range m.belief {
			m.belief[i].likelihood *= math.Exp(-min(mostOff, p.misfit(then.run(g, p.Policy, expected))))
		}
		m.belief = m.belief.settled(len(m.belief))
	}
	return moves
}

// misfit is how far off a course is of how a move went, in powers of e.
func (p Past) misfit(c course) float64 {
	ended := func(v Verdict) bool { return v == Ends || v == EndsThrottled }
	cost := 0.0
	switch {
	case ended(c.verdict) != ended(p.Outcome):
		return otherVerdict
	case c.verdict != p.Outcome:
		cost = otherMeans
	}
	if !ended(p.Outcome) {
		return cost // its duration is that of the policy
	}
	// What it sent tells more than how long it took: that depends on the machine, too.
	first := float64(p.TotalBytes - p.ConstantBytes)
	again := max(0, float64(p.TransferredBytes)-first)
	sent := (c.bytes - float64(p.TransferredBytes)) / math.Hypot(offFirst*first, offAgain*max(again, c.bytes-first))
	throttle := (c.throttle - float64(p.Throttle)) / offThrottle
	return cost + sent*sent/2 + throttle*throttle/2
}

package forecast

import "math"

const (
	// doubt is what it costs to lean all the way to one side, and another verdict what it costs to be wrong in that, both
	// in squares of what the duration is off, as a power of e.
	doubt, otherVerdict = 0.1, 0.5
	// mostOff bounds what one move may cost.
	mostOff = 1
)

// learn lets what is expected to be dirtied lean to where it explains best how earlier moves went.
func (m *model) learn(past []Past) {
	best := math.Inf(1)
	for lean := -1.0; lean <= 1; lean += 0.25 {
		leaning := *m
		leaning.lean = lean
		if cost := doubt*lean*lean + leaning.misfit(past); cost < best {
			best, m.lean = cost, lean
		}
	}
}

// misfit is how far off the model is of how earlier moves went.
func (m model) misfit(past []Past) float64 {
	cost := 0.0
	for _, p := range past {
		if p.Outcome == Unknown || p.Duration <= 0 {
			continue
		}
		then := m
		if limit := valueOr(p.Policy.BandwidthMiBPerSecond, 0); limit > 0 {
			then.link = Exactly(limit * mib).times(pace)
		} else if !p.SameHosts {
			continue
		}
		run := then.run(p.Policy, expected)
		off := math.Log(run.seconds / p.Duration.Seconds())
		cost += min(mostOff, off*off)
		if run.verdict != p.Outcome {
			cost += otherVerdict
		}
	}
	return cost
}

// lean moves what is expected towards the low or the high.
func (i Interval) lean(by float64) Interval {
	if by < 0 {
		i.Expected += by * (i.Expected - i.Low)
	} else {
		i.Expected += by * (i.High - i.Expected)
	}
	return i
}

package forecast

import "math"

const (
	// samplesPerByte is how many pages QEMU samples: 512 of each GiB.
	samplesPerByte = 512.0 / (1 << 30)
	// surprise is how likely a sample is that nothing explains: a guest may do something else for a moment.
	surprise = 0.001
	// unlike is how far a guest is from any line, as a share: the standard deviation.
	unlike = 0.08
)

// luck is how likely a sample is, if the guest dirties about so many distinct bytes in its window. Many samples tell
// more closely how much was dirtied than a line tells how much it is.
func (s Sample) luck(dirtied, memory float64) float64 {
	looked, share := looks(dirtied, memory)
	sampled := 1 / (looked * share)
	return surprise + (1-surprise)*math.Pow(s.draw(looked, share, memory), sampled/(sampled+unlike*unlike))
}

// looks is at how many pages QEMU looks, and what share of all has changed.
func looks(dirtied, memory float64) (looked, share float64) {
	looked = max(1, math.Round(memory*samplesPerByte))
	return looked, min(max(dirtied/memory, 0.1/looked), 1-0.1/looked)
}

// draw is how likely it is that the pages that QEMU looks at come to the sample: it counts those that have changed,
// and gives whole MiB/s, rounded down.
func (s Sample) draw(looked, share, memory float64) float64 {
	counted := func(rate float64) float64 { return rate * float64(s.WindowMS) / 1000 / memory * looked }
	from, to := counted(float64(s.Rate)), min(looked, counted(float64(s.Rate)+mib))
	drawn := 0.0
	for count := math.Ceil(from); count <= to; count++ {
		likely := binomial(looked, count, share)
		// On the edge it may come to the rate beside this one as well: a window is a little longer than it should be.
		if count == from && count > 0 || count == to && count < looked {
			likely /= 2
		}
		drawn += likely
	}
	return drawn
}

// binomial is how likely it is that so many of all have changed, of which a share has.
func binomial(all, count, share float64) float64 {
	choose := logFactorial(all) - logFactorial(count) - logFactorial(all-count)
	return math.Exp(choose + count*math.Log(share) + (all-count)*math.Log(1-share))
}

func logFactorial(n float64) float64 {
	l, _ := math.Lgamma(n + 1)
	return l
}

package forecast

import "math"

const (
	// samplesPerByte is how many pages QEMU samples: 512 of each GiB.
	samplesPerByte = 512.0 / (1 << 30)
	// surprise is how likely a sample is that nothing explains: a guest may do something else for a moment.
	surprise = 0.002
)

// luck is how likely a sample is, if the guest dirties so many distinct bytes in its window: QEMU looks at some pages
// and counts those that have changed, and gives whole MiB/s, rounded down.
func (s Sample) luck(dirtied, memory float64) float64 {
	looked := max(1, math.Round(memory*samplesPerByte))
	share := min(max(dirtied/memory, 0.1/looked), 1-0.1/looked)
	// These counts are rounded to the rate.
	counted := func(rate float64) float64 { return rate * float64(s.WindowMS) / 1000 / memory * looked }
	from, to := math.Ceil(counted(float64(s.Rate))), math.Ceil(counted(float64(s.Rate)+mib))
	luck := 0.0
	for count := from; count < max(to, from+1) && count <= looked; count++ {
		luck += binomial(looked, count, share)
	}
	return surprise + (1-surprise)*luck
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

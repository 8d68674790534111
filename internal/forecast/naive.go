package forecast

import "math"

// Naive is the model of old, which the score has beside this one: how many seconds memory takes over what the link
// carries more than is dirtied, in bytes per second; infinite where that is nothing.
func Naive(memory, dirtyRate, link float64) float64 {
	if link <= dirtyRate {
		return math.Inf(1)
	}
	return memory / (link - dirtyRate)
}

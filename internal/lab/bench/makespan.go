package bench

// lone is a move that has the link for itself.
type lone struct{ bytes, seconds float64 }

// shortest is the time, in seconds, that no order of moves from a host can beat: all of their bytes go over its link, so
// many leave at a time, and none takes less time than alone.
func shortest(moves []lone, bytesPerSecond float64, places int) float64 {
	var bytes, seconds, longest float64
	for _, m := range moves {
		bytes += m.bytes
		seconds += m.seconds
		longest = max(longest, m.seconds)
	}
	return max(bytes/bytesPerSecond, seconds/float64(places), longest)
}

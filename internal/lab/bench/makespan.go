package bench

import "fmt"

// lone is a move that has the link for itself.
type lone struct{ bytes, seconds float64 }

// sum is what moves take together, and longest the seconds of the longest.
func sum(moves []lone) (all lone, longest float64) {
	for _, m := range moves {
		all.bytes += m.bytes
		all.seconds += m.seconds
		longest = max(longest, m.seconds)
	}
	return all, longest
}

// shortest is the time, in seconds, that no order of moves from a host can beat: all of their bytes go over its link,
// so many leave at a time, and none takes less time than alone.
func shortest(moves []lone, bytesPerSecond float64, places int) float64 {
	all, longest := sum(moves)
	return max(all.bytes/bytesPerSecond, all.seconds/float64(places), longest)
}

// sums is what the least time is made of.
func sums(moves []lone) string {
	all, longest := sum(moves)
	return fmt.Sprintf("%.0f MiB; one after the other %.1f s, the longest %.1f s", all.bytes/(1<<20), all.seconds, longest)
}

package host

import "time"

// Poll asks until it is so, for as long as within, and tells whether it is.
func Poll(within time.Duration, so func() bool) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(within)
	for !so() {
		select {
		case <-ticker.C:
		case <-late:
			return so()
		}
	}
	return true
}

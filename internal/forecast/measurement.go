package forecast

import "time"

// Measurement is what was measured of a guest before a move.
type Measurement struct {
	// MemoryBytes is the size of the guest's memory; ResidentBytes is what its QEMU took of its host's, 0 where that
	// is not known.
	MemoryBytes   uint64 `json:"memory_bytes"`
	ResidentBytes uint64 `json:"resident_bytes,omitempty"`
	// Busy is the share of its vCPUs' time that the guest used, 0 to 1; 0 where that is not known.
	Busy float64 `json:"busy,omitempty"`
	// Samples are in the order in which they were taken.
	Samples []Sample `json:"samples"`
}

// Sample is how much memory the guest dirtied over one window.
type Sample struct {
	WindowMS int64 `json:"window_ms"`
	// Rate is distinct bytes per second, as QEMU gives it: whole MiB/s, rounded down.
	Rate uint64 `json:"rate"`
}

// Windows are the windows of a measurement that is to take no longer than most: 1, 2, 4 and 8 s, and the same again
// while there is room. How the number of pages that were dirtied grows with the window shows the guest's working set.
func Windows(most time.Duration) []time.Duration {
	var windows []time.Duration
	for window := time.Second; window <= most; {
		windows = append(windows, window)
		most -= window
		if window *= 2; window > 8*time.Second {
			window = time.Second
		}
	}
	return windows
}

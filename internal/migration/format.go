package migration

import (
	"fmt"
	"time"
)

// bytes is a size as people read it, in powers of 1024.
func bytes(n uint64) string {
	const kib, mib, gib = 1 << 10, 1 << 20, 1 << 30
	switch {
	case n >= 10*gib:
		return fmt.Sprintf("%.1f GiB", float64(n)/gib)
	case n >= mib:
		return fmt.Sprintf("%.0f MiB", float64(n)/mib)
	case n >= kib:
		return fmt.Sprintf("%.0f KiB", float64(n)/kib)
	}
	return fmt.Sprintf("%d B", n)
}

// rate is a number of bytes per second as people read it.
func rate(n uint64) string { return bytes(n) + "/s" }

// elapsed is a time as people read it: to the second, and a short one to the
// tenth of it.
func elapsed(d time.Duration) time.Duration {
	const short = 10 * time.Second
	if d < short {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

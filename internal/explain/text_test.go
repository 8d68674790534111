package explain

import (
	"testing"
	"time"
)

// TestQuantitiesHaveOneUnit wants the same unit for the smallest and the largest quantity of a
// kind: both may stand on one line.
func TestQuantitiesHaveOneUnit(t *testing.T) {
	t.Parallel()
	const kib, gib = 1 << 10, 1 << 30
	for n, want := range map[uint64]string{
		0: "0 MiB", 1: "under 0.1 MiB", 50 * kib: "under 0.1 MiB", 52 * kib: "0.1 MiB", mib: "1 MiB", mib + mib/2: "1.5 MiB",
		9*mib + 900*kib: "9.9 MiB", 9*mib + 1000*kib: "10 MiB", 100*mib + 1: "100 MiB", 64 * gib: "65536 MiB",
	} {
		if got := bytes(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
		if got := rate(n); got != want+"/s" {
			t.Errorf("the rate %d is %q, want %q", n, got, want+"/s")
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 30 * time.Millisecond: "0s", 321 * time.Millisecond: "0.3s", 6649 * time.Millisecond: "6.6s", 9999 * time.Millisecond: "10s",
		59400 * time.Millisecond: "59s", time.Minute: "1m0s", 61 * time.Minute: "1h1m0s",
	} {
		if got := elapsed(d); got != want {
			t.Errorf("the time %d is %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 400 * time.Microsecond: "0s", 32 * time.Millisecond: "0.032s", 600 * time.Millisecond: "0.6s", 1500 * time.Millisecond: "1.5s",
	} {
		if got := downtime(d); got != want {
			t.Errorf("the downtime %d is %q, want %q", d, got, want)
		}
	}
}

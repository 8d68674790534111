package migration

import (
	"testing"
	"time"
)

// What libvirt counts may fall, when it begins to count anew: then there is no rate to be told, and the last one stays.
func TestMirrorRatesOfCountsThatFall(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]Job{
		"copied": {DiskTotal: 120 * mebi, DiskProcessed: 5 * mebi, DiskRemaining: 115 * mebi},
		"total":  {DiskTotal: 90 * mebi, DiskProcessed: 45 * mebi, DiskRemaining: 45 * mebi},
	} {
		var m mirrorDetector
		m.observe(noon, Job{DiskTotal: 100 * mebi, DiskProcessed: 10 * mebi, DiskRemaining: 90 * mebi})
		m.observe(noon.Add(2*time.Second), Job{DiskTotal: 104 * mebi, DiskProcessed: 30 * mebi, DiskRemaining: 74 * mebi})
		m.observe(noon.Add(4*time.Second), after)
		if f := m.figures; f.Rate != 10*mebi || f.WriteRate != 2*mebi || f.Total != after.DiskTotal {
			t.Errorf("%s falls: %+v", name, f)
		}
	}
}

// Rates are those of the last 10 s: what was before does not count.
func TestMirrorRatesAreRecent(t *testing.T) {
	t.Parallel()
	var m mirrorDetector
	copied := uint64(0)
	for second := range 31 {
		m.observe(noon.Add(time.Duration(second)*time.Second),
			Job{DiskTotal: 1000 * mebi, DiskProcessed: copied, DiskRemaining: 1000*mebi - copied})
		if copied += 10 * mebi; second >= 20 {
			copied += 20 * mebi
		}
	}
	if m.figures.Rate != 30*mebi {
		t.Errorf("10 s at 30 MiB/s after 20 s at 10 MiB/s are %d MiB/s", m.figures.Rate/mebi)
	}
}

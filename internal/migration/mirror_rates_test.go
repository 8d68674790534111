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

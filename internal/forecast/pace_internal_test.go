package forecast

import (
	"math"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func limitedTo(mibPerSecond int64) policy.Effective {
	return policy.Resolve(policy.Levels{Run: policy.Policy{BandwidthMiBPerSecond: new(mibPerSecond)}})
}

// TestPaced: QEMU sends whole bursts, so that it is the further beyond its limit the lower that is.
func TestPaced(t *testing.T) {
	t.Parallel()
	for limit, want := range map[float64]float64{1: 1.25, 8: 8.77, 16: 16.28, 32: 32.56, 1000: 1000.9} {
		if got := paced(limit*mib).High / mib; math.Abs(got-want) > 0.01*want {
			t.Errorf("limited to %.0f MiB/s it sends %.2f MiB/s, want %.2f", limit, got, want)
		}
	}
}

//go:build lab

package fleet

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const (
	linkBudget = 40 // MiB/s
	// How much of its budget a link carries at most in any second, and at least on average.
	mostUsed, leastUsed = 1.05, 0.9
	counted             = 100 * time.Millisecond
	// sending is the rate from which on moves are under way.
	sending = linkBudget / 4
)

// carried is what a link had carried at a moment, in bytes.
type carried struct {
	at    time.Time
	bytes uint64
}

// count counts what leaves a host until stop is closed.
func count(t *testing.T, h *lab.Host, stop <-chan struct{}) (all []carried) {
	t.Helper()
	tick := time.NewTicker(counted)
	defer tick.Stop()
	for {
		_, out, err := h.LinkBytes()
		if err != nil {
			t.Error(err)
			return all
		}
		all = append(all, carried{time.Now(), out})
		select {
		case <-tick.C:
		case <-stop:
			return all
		}
	}
}

// rate is how much was carried in a span of time, in MiB/s.
func rateOf(from, to carried) float64 {
	return float64(to.bytes-from.bytes) / to.at.Sub(from.at).Seconds() / (1 << 20)
}

// TestMove_budget moves three VMs of different sizes at once from a host with a budget. No test runs
// beside it, because it counts what the host's link carries.
func TestMove_budget(t *testing.T) { //nolint:paralleltest // it counts bytes
	config := labConfig(t, UnreachableError)
	config.MaxOutgoing, config.MaxIncoming = 3, 3
	config.Budgets = map[string]int64{"kvm1": linkBudget}
	limits := policy.Policy{}
	if n, err := strconv.ParseInt(os.Getenv("VIRT_BUDGET_PARALLEL"), 10, 64); err == nil {
		limits.ParallelConnections = &n
	}
	f := open(t, config)
	var guests []*lab.Guest
	for _, hot := range []int{32, 64, 160} {
		guests = append(guests, testLab(t).StartGuest(t, lab.GuestSpec{Load: lab.Load{HotMiB: hot, RateMiB: 1}}))
	}
	stop, counting := make(chan struct{}), sync.WaitGroup{}
	var seen []carried
	counting.Go(func() { seen = count(t, testLab(t).Hosts[0], stop) })
	began := time.Now()
	moves := make([]Moved, len(guests))
	var all sync.WaitGroup
	for i, guest := range guests {
		all.Go(func() {
			var err error
			moves[i], err = f.Move(testContext(t), Move{
				VM: guest.UUID, Destination: []string{"kvm2", "kvm3", "kvm2"}[i], Mode: migration.Auto, Policy: limits,
			}, quiet)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	close(stop)
	counting.Wait()
	largest := uint64(0)
	for i, m := range moves {
		t.Logf("%d MiB in %s", m.Report.MemoryTransferred>>20, m.Report.Duration)
		largest = max(largest, moves[i].Report.MemoryTransferred)
	}
	fixed := time.Duration(float64(largest) / (linkBudget << 20) * float64(len(moves)) * float64(time.Second))
	average, busiest := used(seen)
	t.Logf("%.1f MiB/s on average, %.1f in the busiest second; %s for all, and %s at least with a third each",
		average, busiest, took.Round(100*time.Millisecond), fixed.Round(100*time.Millisecond))
	if average < leastUsed*linkBudget || busiest > mostUsed*linkBudget {
		t.Errorf("want at least %.1f and at most %.1f", leastUsed*linkBudget, mostUsed*linkBudget)
	}
	if took > fixed {
		t.Error("a fixed division is not slower")
	}
}

// used is how much a link carried while moves were under way, in MiB/s: on average, but for the first
// and the last second, and in the busiest second.
func used(seen []carried) (average, busiest float64) {
	const second = int(time.Second / counted)
	first, last := -1, 0
	for i := second; i < len(seen); i++ {
		rate := rateOf(seen[i-second], seen[i])
		if busiest = max(busiest, rate); rate < sending {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i - second
	}
	if first < 0 || last <= first {
		return 0, busiest
	}
	return rateOf(seen[first], seen[last]), busiest
}

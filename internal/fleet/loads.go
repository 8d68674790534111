package fleet

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
)

const (
	// loadWindow is the shortest time over which it is measured how busy CPUs are: CPU time is counted in hundredths of a
	// second.
	loadWindow = 500 * time.Millisecond
	// loadAge is how long ago a window may have begun.
	loadAge = 30 * time.Second
)

// loads are how busy hosts are and their VMs keep them, as two looks at their CPU time tell. Only the first of a run
// waits for a window to pass. It is safe for concurrent use.
type loads struct {
	mu    sync.Mutex
	first map[string]cpuTimes // by the host's name
}

// cpuTimes are what the CPUs of a host, and the virtual ones of its VMs by UUID, have been busy for.
type cpuTimes struct {
	at   time.Time
	host time.Duration
	vms  map[string]time.Duration
}

// of is how many CPUs of a host are busy, and how many each VM keeps busy, by UUID: none where the host does not say.
func (l *loads) of(ctx context.Context, h *host.Host) (busy float64, vms map[string]float64) {
	began, ok := l.begun(h.Name())
	if !ok {
		var err error
		if began, err = timesOf(ctx, h); err != nil {
			return 0, nil
		}
		l.begin(h.Name(), began)
	}
	if wait(ctx, time.Until(began.at.Add(loadWindow))) != nil {
		return 0, nil
	}
	now, err := timesOf(ctx, h)
	if err != nil {
		return 0, nil
	}
	return began.until(now)
}

// begun is the beginning of a window that is not too long.
func (l *loads) begun(name string) (cpuTimes, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	began, ok := l.first[name]
	return began, ok && time.Since(began.at) < loadAge
}

func (l *loads) begin(name string, times cpuTimes) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = map[string]cpuTimes{}
	}
	l.first[name] = times
}

func timesOf(ctx context.Context, h *host.Host) (t cpuTimes, err error) {
	t.at = time.Now()
	if t.host, err = h.CPUTime(ctx); err == nil {
		t.vms, err = h.VCPUTimes(ctx)
	}
	return t, err
}

// until is how many CPUs were busy between two looks. A VM that has come in between keeps none busy, as far as is
// known.
func (t cpuTimes) until(later cpuTimes) (busy float64, vms map[string]float64) {
	window := later.at.Sub(t.at).Seconds()
	vms = maps.Collect(func(yield func(string, float64) bool) {
		for uuid, ran := range later.vms {
			if before, ok := t.vms[uuid]; ok && !yield(uuid, max(0, (ran-before).Seconds()/window)) {
				return
			}
		}
	})
	return max(0, (later.host-t.host).Seconds()/window), vms
}

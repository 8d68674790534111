package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// ErrJobRuns is a VM that is not measured because a job runs on it: libvirt would let the measurement wait for the
// job's end.
var ErrJobRuns = errors.New("a job runs on the VM")

// What else is not measured: a VM that does not run dirties nothing, and QEMU takes no samples of small memory.
var (
	errNotRunning = errors.New("the VM does not run")
	errTooSmall   = fmt.Errorf("QEMU does not sample the pages of less than %d MiB", leastMemory>>20)
)

// leastMemory is the smallest memory of which QEMU samples pages (MIN_RAMBLOCK_SIZE).
const leastMemory = 128 << 20

// measurements are those of the VMs that were measured, by UUID: each once, whoever asks.
type measurements struct {
	mu  sync.Mutex
	all map[string]*measuring
}

// measuring is the measurement of one VM; done is closed once it has ended.
type measuring struct {
	done     chan struct{}
	measured forecast.Measurement
	err      error
}

// measure returns what was measured of a VM, or measures it. Who waits for another's measurement ends with ctx, and
// measures where the other was cancelled. One that failed is made again for who asks next.
func (m *measurements) measure(
	ctx context.Context, uuid string, take func() (forecast.Measurement, error),
) (forecast.Measurement, error) {
	for {
		under, mine := m.enter(uuid)
		if mine {
			under.measured, under.err = take()
			m.end(uuid, under)
			return under.measured, under.err
		}
		select {
		case <-under.done:
			if errors.Is(under.err, context.Canceled) && ctx.Err() == nil {
				continue
			}
			return under.measured, under.err
		case <-ctx.Done():
			return forecast.Measurement{}, context.Cause(ctx)
		}
	}
}

// has tells whether a VM was measured.
func (m *measurements) has(uuid string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	under, known := m.all[uuid]
	if !known {
		return false
	}
	select {
	case <-under.done:
		return under.err == nil
	default:
		return false
	}
}

// enter is the measurement of a VM, and whether the caller has to make it.
func (m *measurements) enter(uuid string) (under *measuring, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if under, ok := m.all[uuid]; ok {
		return under, false
	}
	under = &measuring{done: make(chan struct{})}
	m.all[uuid] = under
	return under, true
}

func (m *measurements) end(uuid string, under *measuring) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if under.err != nil {
		delete(m.all, uuid)
	}
	close(under.done)
}

// Measure measures how much memory a VM dirties, for at most so long, and never beside a job. A VM that was measured in
// this process is not measured again. The error matches ErrJobRuns, or says what its host cannot do.
func (f *Fleet) Measure(ctx context.Context, l Location, most time.Duration) (forecast.Measurement, error) {
	return f.measured.measure(ctx, l.Domain.UUID, func() (forecast.Measurement, error) {
		return f.measureNow(ctx, l, most)
	})
}

func (f *Fleet) measureNow(ctx context.Context, l Location, most time.Duration) (forecast.Measurement, error) {
	none := forecast.Measurement{}
	if l.Domain.State != migration.StateRunning {
		return none, fmt.Errorf("%w: it is %s", errNotRunning, l.Domain.State)
	}
	h, err := f.host(l.Host)
	if err != nil {
		return none, err
	}
	before, err := h.Usage(ctx, l.Domain.UUID)
	switch {
	case err != nil:
		return none, err
	case before.MemoryBytes < leastMemory:
		return none, errTooSmall
	}
	began := time.Now()
	m := forecast.Measurement{MemoryBytes: before.MemoryBytes, ResidentBytes: before.ResidentBytes}
	for _, window := range forecast.Windows(most) {
		job, err := h.Job(ctx, l.Domain.UUID)
		switch {
		case err != nil:
			return none, err
		case job.Type == migration.JobRunning:
			return none, ErrJobRuns
		}
		rate, err := h.DirtyRate(ctx, l.Domain.UUID, window)
		if err != nil {
			return none, err
		}
		m.Samples = append(m.Samples, forecast.Sample{WindowMS: window.Milliseconds(), Rate: rate})
	}
	after, err := h.Usage(ctx, l.Domain.UUID)
	if err != nil {
		return none, err
	}
	if available := time.Since(began).Seconds() * float64(after.VCPUs); available > 0 {
		m.Busy = min(1, max(0, (after.VCPUTime-before.VCPUTime).Seconds()/available))
	}
	return m, nil
}

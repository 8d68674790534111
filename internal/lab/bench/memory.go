package bench

import (
	"context"
	"fmt"
)

// memory is the most memory that the provider has at once: in an apply of a fleet, and in plans of it and of a larger
// one.
type memory struct{}

func (memory) Name() string { return "memory" }
func (memory) Hosts() int   { return 4 }

const (
	// mostMiB is what a fleet of the usual size may take, growsAtMost how much more one of ten times the size.
	mostMiB     = 80
	growsAtMost = 4
)

func (r memory) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	plan := func(w *policies) error {
		_, err := w.plan(ctx)
		return err
	}
	peaks, err := r.peaks(ctx, b, b.VMs, plan, func(w *policies) error {
		w.variables.MaxDowntimeMS += 100
		_, err := w.apply(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	large, err := r.peaks(ctx, b, 10*b.VMs, plan)
	if err != nil {
		return nil, err
	}
	what := "peak memory of the provider, %s of %d VMs"
	return []Figure{
		single(fmt.Sprintf(what, "apply of changed", b.VMs), "the limit", "MiB", peaks[1], mostMiB, 1),
		single(fmt.Sprintf(what, "plan", b.VMs), "the limit", "MiB", peaks[0], mostMiB, 1),
		single(fmt.Sprintf(what, "plan", 10*b.VMs), fmt.Sprintf("%d VMs", b.VMs), "MiB", large[0], peaks[0], growsAtMost),
	}, nil
}

// peaks are those of what runs with a fleet, in MiB.
func (r memory) peaks(
	ctx context.Context, b *Bench, vms int, runs ...func(*policies) error,
) (peaks []float64, err error) {
	f, err := b.newFleet(ctx, vms, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	w, err := f.declared(ctx, realProvider)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		stop := watchMemory()
		err := run(w)
		peaks = append(peaks, stop())
		if err != nil {
			return nil, err
		}
		b.Say("%d VMs: at most %.0f MiB", vms, peaks[len(peaks)-1])
	}
	return peaks, nil
}

package bench

import (
	"context"
	"fmt"
)

// memory is the most memory that the provider has at once, in an apply and a plan.
type memory struct{}

func (memory) Name() string { return "memory" }
func (memory) Hosts() int   { return 4 }

const (
	// mostMiB is what a fleet of the usual size may take, growsAtMost how much more one of ten times the size.
	mostMiB     = 80
	growsAtMost = 4
)

func (r memory) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	small, err := r.peak(ctx, b, b.VMs)
	if err != nil {
		return nil, err
	}
	large, err := r.peak(ctx, b, 10*b.VMs)
	if err != nil {
		return nil, err
	}
	what := "peak memory of the provider, %d VMs"
	return []Figure{
		single(fmt.Sprintf(what, b.VMs), "the limit", "MiB", small, mostMiB, 1),
		single(fmt.Sprintf(what, 10*b.VMs), fmt.Sprintf("%d VMs", b.VMs), "MiB", large, small, growsAtMost),
	}, nil
}

// peak is in MiB.
func (r memory) peak(ctx context.Context, b *Bench, vms int) (peak float64, err error) {
	f, err := b.newFleet(ctx, vms, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return 0, err
	}
	stop := watchMemory()
	w, err := f.declared(ctx, realProvider)
	if err == nil {
		_, err = w.plan(ctx)
	}
	return stop(), err
}

package bench

import (
	"context"
	"fmt"
)

// growth is how a plan grows with the numbers of VMs and of hosts. The points of the chart are its figures of CPU,
// which tell the same on a machine that has other work to do.
type growth struct{}

func (growth) Name() string { return "growth" }
func (growth) Hosts() int   { return 50 }

func (r growth) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	var figures []Figure
	for _, vms := range []int{10, 100, 1000, 5000} {
		if vms > 5*b.VMs {
			break
		}
		for _, hosts := range []int{1, 10, 50} {
			made, err := r.at(ctx, b, vms, hosts)
			if err != nil {
				return nil, err
			}
			figures = append(figures, made...)
		}
	}
	return figures, nil
}

// at measures plans at one size.
func (growth) at(ctx context.Context, b *Bench, vms, hosts int) (figures []Figure, err error) {
	f, err := b.newFleet(ctx, vms, hosts)
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	ours, err := f.declared(ctx, realProvider)
	if err != nil {
		return nil, err
	}
	nothing, err := f.declared(ctx, floor)
	if err != nil {
		return nil, err
	}
	took, err := f.plans(ctx, ours, nothing)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("plan, nothing to change, %d VMs on %d hosts", vms, len(f.hosts))
	figures = timed(what, "Terraform's floor", took[0], took[1], 0)
	figures[1].VMs, figures[1].Hosts = vms, len(f.hosts) // of CPU
	return figures, nil
}

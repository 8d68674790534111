package bench

import (
	"context"
	"fmt"
)

// growth is how the time of a plan grows with the numbers of VMs and of hosts. Its figures are the points of the chart.
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
			figure, err := r.at(ctx, b, vms, hosts)
			if err != nil {
				return nil, err
			}
			figures = append(figures, figure)
		}
	}
	return figures, nil
}

// at measures plans at one size.
func (growth) at(ctx context.Context, b *Bench, vms, hosts int) (figure Figure, err error) {
	f, err := b.newFleet(ctx, vms, hosts)
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return figure, err
	}
	ours, err := f.declared(ctx, realProvider)
	if err != nil {
		return figure, err
	}
	nothing, err := f.declared(ctx, floor)
	if err != nil {
		return figure, err
	}
	took, err := f.plans(ctx, ours, nothing)
	if err != nil {
		return figure, err
	}
	what := fmt.Sprintf("plan, nothing to change, %d VMs on %d hosts", vms, len(f.hosts))
	figure = pairs(what, "Terraform's floor", "s", seconds(took[0]), seconds(took[1]), 0)
	figure.VMs, figure.Hosts = vms, len(f.hosts)
	return figure, nil
}

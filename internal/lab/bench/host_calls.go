package bench

import (
	"context"
	"errors"
	"fmt"
)

// hostCalls is how often a plan that finds nothing to change calls libvirt, whatever the number of hosts.
type hostCalls struct{}

// What a plan may take.
const (
	callsPerVM   = 3
	callsPerHost = 10
)

func (hostCalls) Name() string { return "calls" }
func (hostCalls) Hosts() int   { return 8 }

func (h hostCalls) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	var figures []Figure
	for _, count := range []int{1, 4, 8} {
		figure, err := h.on(ctx, b, count)
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure)
	}
	return figures, nil
}

// on counts the calls of a plan of policies on a number of hosts.
func (hostCalls) on(ctx context.Context, b *Bench, count int) (figure Figure, err error) {
	f, err := b.newFleet(ctx, b.VMs/3, count)
	defer func() { err = f.end(ctx, err) }()
	if err = errors.Join(err, f.throughProxies(ctx, 0)); err != nil {
		return figure, err
	}
	w, err := f.declared(ctx, realProvider)
	if err != nil {
		return figure, err
	}
	f.calls.Take()
	if _, err := w.plan(ctx); err != nil {
		return figure, err
	}
	calls, byProcedure := f.calls.Take()
	vms, hosts := len(f.guests), len(f.proxies)
	b.Say("%d VMs on %d hosts: %d calls, by libvirt's procedures %v", vms, hosts, calls, byProcedure)
	return single(fmt.Sprintf("libvirt calls of a plan, %d VMs on %d hosts", vms, hosts),
		fmt.Sprintf("%d for each VM and %d for each host", callsPerVM, callsPerHost),
		"calls", float64(calls), float64(callsPerVM*vms+callsPerHost*hosts), 1), nil
}

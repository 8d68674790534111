package bench

import (
	"context"
	"fmt"
	"time"
)

// longWay is a plan of policies on hosts that are far away.
type longWay struct{}

// roundTrip is what the way to the hosts and back takes longer.
const roundTrip = 20 * time.Millisecond

func (longWay) Name() string { return "far" }
func (longWay) Hosts() int   { return 10 }

func (r longWay) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	f, err := b.newFleet(ctx, b.VMs, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	ours, err := f.declared(ctx, realProvider)
	if err != nil {
		return nil, err
	}
	empty, err := f.declared(ctx, emptyProvider)
	if err != nil {
		return nil, err
	}
	// The policies are made from near by.
	if err := f.throughProxies(ctx, roundTrip); err != nil {
		return nil, err
	}
	f.reach(ours)
	took, err := f.plans(ctx, ours, empty)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("plan, nothing to change, %d hosts with %s of round trip", len(f.hosts), roundTrip)
	return timed(what, "the empty provider", took[0], took[1], 0.6), nil
}

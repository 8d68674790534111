package bench

import (
	"context"
	"time"
)

// fleetSize is the life of a fleet's policies: made, planned, changed, destroyed.
type fleetSize struct{}

func (fleetSize) Name() string { return "fleet" }
func (fleetSize) Hosts() int   { return 4 }

// phases are what Terraform does in turn, and the ratios to reach.
var phases = []struct {
	name   string
	atMost float64
	repeat int // a plan changes nothing
	run    func(context.Context, *workspace) (time.Duration, error)
}{
	{"apply of new", 0.6, 1, func(ctx context.Context, w *workspace) (time.Duration, error) { return w.apply(ctx) }},
	{"plan, nothing to change", 0.5, 3, func(ctx context.Context, w *workspace) (time.Duration, error) { return w.plan(ctx) }},
	{"apply of changed", 0.6, 1, func(ctx context.Context, w *workspace) (time.Duration, error) {
		w.variables.MaxDowntimeMS += 100
		return w.apply(ctx)
	}},
	{"destroy", 0.6, 1, func(ctx context.Context, w *workspace) (time.Duration, error) { return w.destroy(ctx) }},
}

func (r fleetSize) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	f, err := b.newFleet(ctx, b.VMs, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	contenders := []string{realProvider, emptyProvider, bareProvider, floor}
	workspaces := map[string]*workspace{}
	for _, name := range contenders {
		if workspaces[name], err = f.workspace(name); err != nil {
			return nil, err
		}
	}
	took := map[string]map[string][]float64{} // by phase and contender
	for round := range b.Rounds {
		for _, phase := range phases {
			for range phase.repeat {
				for _, name := range contenders {
					seconds, err := phase.run(ctx, workspaces[name])
					if err != nil {
						return nil, err
					}
					b.Say("round %d, %s, %s: %.1f s", round+1, phase.name, name, seconds.Seconds())
					if took[phase.name] == nil {
						took[phase.name] = map[string][]float64{}
					}
					took[phase.name][name] = append(took[phase.name][name], seconds.Seconds())
				}
			}
		}
	}
	for _, phase := range phases {
		by := took[phase.name]
		figures = append(figures,
			pairs(phase.name, "the empty provider", "s", by[realProvider], by[emptyProvider], phase.atMost),
			pairs(phase.name, "a provider on plugin-go alone", "s", by[realProvider], by[bareProvider], 0),
			pairs(phase.name, "Terraform's floor", "s", by[realProvider], by[floor], 0))
	}
	return figures, nil
}

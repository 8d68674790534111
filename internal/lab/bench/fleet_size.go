package bench

import "context"

// fleetSize is the life of a fleet's policies: made, planned, changed, destroyed.
type fleetSize struct{}

func (fleetSize) Name() string { return "fleet" }
func (fleetSize) Hosts() int   { return 4 }

// phases are what Terraform does in turn, and the ratios to reach.
var phases = []struct {
	name   string
	atMost float64
	repeat int // a plan changes nothing
	run    func(context.Context, *policies) (cost, error)
}{
	{"apply of new", 0.6, 1, func(ctx context.Context, p *policies) (cost, error) { return p.apply(ctx) }},
	{"plan, nothing to change", 0.5, 3, func(ctx context.Context, p *policies) (cost, error) { return p.plan(ctx) }},
	{"apply of changed", 0.6, 1, func(ctx context.Context, p *policies) (cost, error) {
		p.variables.MaxDowntimeMS += 100
		return p.apply(ctx)
	}},
	{"destroy", 0.6, 1, func(ctx context.Context, p *policies) (cost, error) { return p.destroy(ctx) }},
}

func (r fleetSize) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	f, err := b.newFleet(ctx, b.VMs, r.Hosts())
	defer func() { err = f.end(ctx, err) }()
	if err != nil {
		return nil, err
	}
	contenders := []string{realProvider, emptyProvider, bareProvider, floor}
	workspaces := map[string]*policies{}
	for _, name := range contenders {
		if workspaces[name], err = f.policies(name); err != nil {
			return nil, err
		}
	}
	took := map[string][]cost{} // by phase and contender
	for round := range b.Rounds {
		for _, phase := range phases {
			for range phase.repeat {
				for _, name := range contenders {
					c, err := phase.run(ctx, workspaces[name])
					if err != nil {
						return nil, err
					}
					b.Say("round %d, %s, %s: %.1f s, %.1f s of CPU", round+1, phase.name, name, c.Seconds, c.CPU)
					took[phase.name+name] = append(took[phase.name+name], c)
				}
			}
		}
	}
	for _, phase := range phases {
		ours := took[phase.name+realProvider]
		figures = append(figures, timed(phase.name, "the empty provider", ours, took[phase.name+emptyProvider],
			phase.atMost)...)
		figures = append(figures, timed(phase.name, "a provider on plugin-go alone", ours, took[phase.name+bareProvider],
			0)...)
		figures = append(figures, timed(phase.name, "Terraform's floor", ours, took[phase.name+floor], 0)...)
	}
	return figures, nil
}

package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

// bounds is whether moves keep to what their policy lets the guest bear, by libvirt's figures and by the guest's own. A
// move that cannot is to end as one that did not converge, with the guest running where it was.
type bounds struct{}

func (bounds) Name() string { return "bounds" }
func (bounds) Hosts() int   { return 2 }

// bound is what a policy lets the guest bear.
type bound struct {
	policy             map[string]any
	downtime, throttle float64 // in ms and percent; 0 for no throttle at all
	timeout            time.Duration
}

// bounded are the policies, which take turns. The second ends only while the guest rests, and the last one hardly ever.
var bounded = []bound{
	{
		map[string]any{"auto_converge": true, "max_throttle_percent": 80, "max_downtime_ms": 300, "timeout": "30s"},
		300, 80, 30 * time.Second,
	},
	{
		map[string]any{"downtime_schedule_ms": []int{100, 200, 300}, "max_downtime_ms": 300, "timeout": "8s"},
		300, 0, 8 * time.Second,
	},
	{
		map[string]any{"compression": true, "compression_cache_mib": 256, "max_downtime_ms": 200, "timeout": "30s"},
		200, 0, 30 * time.Second,
	},
	{
		map[string]any{"auto_converge": true, "max_throttle_percent": 30, "max_downtime_ms": 100, "timeout": "30s"},
		100, 30, 30 * time.Second,
	},
}

// overtime is what a job may take that its time limit does not count: what is over when it is looked at.
const overtime = time.Second

var bearing = lab.RestlessGuest(64, 14, 8*time.Second, 3*time.Second)

func (bounds) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	p, err := admit(ctx, b, bearing)
	defer func() { err = p.discharge(ctx, err) }()
	if err != nil {
		return nil, err
	}
	var tally tally
	for round := range b.Rounds {
		for i, limits := range bounded {
			t, err := p.byAction(ctx, limits.policy)
			if err != nil {
				return nil, fmt.Errorf("policy %d: %w", i+1, err)
			}
			broken := tally.add(limits, t)
			if t.downtime > 1.1*limits.downtime && !t.told() {
				return nil, fmt.Errorf("policy %d: a downtime of %.0f ms, and nobody told of it", i+1, t.downtime)
			}
			b.Say("round %d, policy %d: %v%s", round+1, i+1, t, broken)
		}
	}
	return tally.figures(), nil
}

// told tells whether the provider has warned of a downtime that was too long.
func (t trial) told() bool {
	return slices.ContainsFunc(t.report.Messages, func(m report.Message) bool {
		return strings.Contains(m.Detail, "The guest stood still for")
	})
}

// tally counts moves.
type tally struct {
	all, stayed        int
	byLibvirt, byGuest float64 // moves that broke a bound, by either's word
	arrived            []trial
}

// add counts a move, and says which bound it broke.
func (c *tally) add(limits bound, t trial) (broken string) {
	c.all++
	if t.stayed() {
		c.stayed++
		return ""
	}
	c.arrived = append(c.arrived, t)
	f := t.report.Move.Figures
	throttled := f != nil && f.Throttle != nil && float64(*f.Throttle) > limits.throttle
	late := t.migrating > (limits.timeout + overtime).Seconds()
	if throttled || late || t.downtime > limits.downtime {
		c.byLibvirt++
		broken = ", broken by libvirt's figures"
	}
	if throttled || late || t.blackout() > limits.downtime {
		c.byGuest++
		broken += ", broken by the guest's"
	}
	return broken
}

func (c *tally) figures() []Figure {
	what := fmt.Sprintf("moves of %d that broke a bound of their policy", c.all)
	downtime := func(t trial) float64 { return t.downtime }
	lost := func(t trial) float64 { return t.felt.Lost.Seconds() }
	figures := []Figure{
		single(what+", by libvirt's figures", "all", "moves", c.byLibvirt, float64(c.all), 0.05),
		single(what+", by the guest's own", "all", "moves", c.byGuest, float64(c.all), 0.05),
		single("moves that ended as not converged, or timed out, for their bounds", "all", "moves", float64(c.stayed),
			float64(c.all), 0),
	}
	if len(c.arrived) > 0 {
		figures = append(figures,
			pairs("blackout as the guest saw it", "downtime by libvirt", "ms", each(c.arrived, trial.blackout),
				each(c.arrived, downtime), 0),
			pairs("work lost as the guest saw it", "throttle and downtime by libvirt", "s", each(c.arrived, lost),
				each(c.arrived, trial.lost), 0))
	}
	return figures
}

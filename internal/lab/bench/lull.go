package bench

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// lull is a guest that works now more, now less, and never so little that its move ends by itself: how long it stands
// still where on_timeout pauses it in a lull, beside virsh, which pauses it when the time has run out.
type lull struct{}

func (lull) Name() string { return "lull" }
func (lull) Hosts() int   { return 2 }

// What both move by: over 60 MiB/s 20 MiB take 333 ms, and 96 MiB 1.6 s.
const (
	lullDowntime = 50 // milliseconds
	lullTimeout  = 8  // seconds
	worksFor     = 8 * time.Second
	restsFor     = 3 * time.Second
)

var oscillating = lab.RestlessGuest(96, 20, worksFor, restsFor)

func (lull) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	p, err := admit(ctx, b, oscillating)
	defer func() { err = p.discharge(ctx, err) }()
	if err != nil {
		return nil, err
	}
	byAction := func() (trial, error) {
		return p.byAction(ctx, map[string]any{
			"max_downtime_ms": lullDowntime, "on_timeout": "pause", "timeout": strconv.Itoa(lullTimeout) + "s",
		})
	}
	byVirsh := func() (trial, error) {
		return p.byVirsh(ctx, lullDowntime, "--timeout", strconv.Itoa(lullTimeout), "--timeout-suspend")
	}
	ways := []struct {
		name string
		move func() (trial, error)
	}{{"in a lull", byAction}, {"by the clock", byVirsh}}
	results := make([][]trial, len(ways))
	for round := range b.Rounds {
		for turn := range ways {
			way := (turn + round) % len(ways)
			// Each begins at any moment of what the guest does, and not where the last one has ended.
			if err := p.live(ctx, rand.N(worksFor+restsFor)); err != nil {
				return nil, err
			}
			t, err := ways[way].move()
			if err != nil {
				return nil, err
			}
			results[way] = append(results[way], t)
			b.Say("round %d, paused %s: %v", round+1, ways[way].name, t)
		}
	}
	ours, theirs := results[0], results[1]
	seconds := func(t trial) float64 { return t.seconds }
	const what, virsh = "an oscillating guest that on_timeout pauses", "virsh --timeout-suspend"
	return []Figure{
		// Each is a median of its own: when the time runs out, the two guests of a pair do different things.
		single("median blackout of "+what, virsh, "ms", median(each(ours, trial.blackout)),
			median(each(theirs, trial.blackout)), 0.5),
		single("time of a move of "+what, virsh, "s", median(each(ours, seconds)), median(each(theirs, seconds)), 0),
		pairs("blackout as the guest saw it, of "+what, "downtime by libvirt", "ms", each(ours, trial.blackout),
			each(ours, func(t trial) float64 { return t.downtime }), 0),
	}, nil
}

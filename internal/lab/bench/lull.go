package bench

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// lull is how long a guest stands still that works now more, now less, and never so little that its move ends by
// itself, where on_timeout pauses it in a lull; and how long the move of a guest takes that always works the same, and
// has no lull to wait for. Beside it is virsh, which pauses a guest when the time has run out.
type lull struct{}

func (lull) Name() string { return "lull" }
func (lull) Hosts() int   { return 2 }

// What both move by: over 60 MiB/s 20 MiB take 333 ms, and 96 MiB 1.6 s.
const (
	lullDowntime = 50 // milliseconds
	worksFor     = 8 * time.Second
	restsFor     = 3 * time.Second
	// The one is over before passes have told what the guest does, the other after that, in seconds.
	lullTimeout   = 8
	steadyTimeout = 16
	// steadyRounds are the most moves of the guest that always works the same: nothing of them is chance.
	steadyRounds = 3
)

var (
	oscillating = lab.RestlessGuest(96, 20, worksFor, restsFor)
	steady      = lab.RestlessGuest(24, 24, worksFor, restsFor)
)

func (lull) Measure(ctx context.Context, b *Bench) ([]Figure, error) {
	ours, theirs, err := pausedInTurn(ctx, b, oscillating, lullTimeout, b.Rounds)
	if err != nil {
		return nil, err
	}
	ourSteady, theirSteady, err := pausedInTurn(ctx, b, steady, steadyTimeout, min(b.Rounds, steadyRounds))
	if err != nil {
		return nil, err
	}
	seconds := func(t trial) float64 { return t.seconds }
	const what, virsh = "an oscillating guest that on_timeout pauses", "virsh --timeout-suspend"
	return []Figure{
		// Each is a median of its own: when the time runs out, the two guests of a pair do different things.
		single("median blackout of "+what, virsh, "ms", median(each(ours, trial.blackout)),
			median(each(theirs, trial.blackout)), 0.5),
		single("time of a move of "+what, virsh, "s", median(each(ours, seconds)), median(each(theirs, seconds)), 0),
		pairs("blackout as the guest saw it, of "+what, "downtime by libvirt", "ms", each(ours, trial.blackout),
			each(ours, func(t trial) float64 { return t.downtime }), 0),
		pairs("time of a move of a steady guest that on_timeout pauses", virsh, "s", each(ourSteady, seconds),
			each(theirSteady, seconds), 1.25),
	}, nil
}

// pausedInTurn moves a guest by the action and by virsh in turn, which pause it after some seconds.
func pausedInTurn(
	ctx context.Context, b *Bench, spec lab.GuestSpec, timeout, rounds int,
) (ours, theirs []trial, err error) {
	p, err := admit(ctx, b, spec)
	defer func() { err = p.discharge(ctx, err) }()
	if err != nil {
		return nil, nil, err
	}
	byAction := func() (trial, error) {
		return p.byAction(ctx, map[string]any{
			"max_downtime_ms": lullDowntime, "on_timeout": "pause", "timeout": strconv.Itoa(timeout) + "s",
		})
	}
	byVirsh := func() (trial, error) {
		return p.byVirsh(ctx, lullDowntime, "--timeout", strconv.Itoa(timeout), "--timeout-suspend")
	}
	ways := []struct {
		name string
		move func() (trial, error)
	}{{"in a lull", byAction}, {"by the clock", byVirsh}}
	results := make([][]trial, len(ways))
	for round := range rounds {
		for turn := range ways {
			way := (turn + round) % len(ways)
			// Each begins at any moment of what the guest does, and not where the last one has ended.
			if err := p.live(ctx, rand.N(worksFor+restsFor)); err != nil {
				return nil, nil, err
			}
			t, err := ways[way].move()
			if err != nil {
				return nil, nil, err
			}
			results[way] = append(results[way], t)
			b.Say("round %d, paused %s after %d s: %v", round+1, ways[way].name, timeout, t)
		}
	}
	return results[0], results[1], nil
}

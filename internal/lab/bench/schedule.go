package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// schedule repeats the measurement of KubeVirt's VEP 291 with a guest of the lab: how far the times of its moves lie
// apart, and how long they take, with a schedule of downtimes, without, and by virsh with the same flags, as it is and
// with the longest pause of the schedule from the start. The guest is one that needs a schedule: a pass over what it
// works on takes longer than the 300 ms of QEMU, and only a rest of it, now and then, fits into them.
type schedule struct{}

func (schedule) Name() string { return "schedule" }
func (schedule) Hosts() int   { return 2 }

// downtimes are the steps of the schedule, in milliseconds: those of the preset minimal_downtime. usualDowntime is
// QEMU's.
var downtimes = []int{100, 150, 200, 300, 400, 500}

const usualDowntime = 300

// scheduled works on 36 MiB, which take 600 ms over 60 MiB/s, and rests for a tenth of the time. It ends a little
// earlier than that: QEMU slows it down, to see what it writes.
var scheduled = lab.RestlessGuest(36, 10, 20*time.Second, 2*time.Second)

// The ways to move, in the order of their results.
const (
	bySchedule = iota
	withoutSchedule
	byVirshAlone
	byVirshAtOnce
	wayCount
)

var wayNames = [wayCount]string{"by a schedule", "without one", "virsh", "virsh with the longest pause"}

func (s schedule) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	p, err := admit(ctx, b, scheduled)
	defer func() { err = p.discharge(ctx, err) }()
	if err != nil {
		return nil, err
	}
	var results [wayCount][]trial
	for round := range b.Rounds {
		for turn := range wayCount {
			way := (turn + round) % wayCount
			t, err := s.move(ctx, p, way)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", wayNames[way], err)
			}
			results[way] = append(results[way], t)
			b.Say("round %d, %s: %v", round+1, wayNames[way], t)
		}
	}
	return s.figures(results), nil
}

func (schedule) move(ctx context.Context, p *patient, way int) (trial, error) {
	switch way {
	case bySchedule:
		return p.byAction(ctx, map[string]any{"downtime_schedule_ms": downtimes})
	case withoutSchedule:
		return p.byAction(ctx, nil)
	case byVirshAlone:
		return p.byVirsh(ctx, usualDowntime)
	default:
		return p.byVirsh(ctx, downtimes[len(downtimes)-1])
	}
}

func (schedule) figures(results [wayCount][]trial) []Figure {
	migrating := func(t trial) float64 { return t.migrating }
	downtime := func(t trial) float64 { return t.downtime }
	ours, without := results[bySchedule], results[withoutSchedule]
	const none, flags = "the same without", "virsh, same flags"
	what := func(of string) string {
		return fmt.Sprintf("%s of %d moves by a schedule of downtimes", of, len(ours))
	}
	times := each(ours, migrating)
	var figures []Figure
	if len(times) > 1 {
		figures = append(figures, single(what("range of the job's times"), none, "s", spread(times),
			spread(each(without, migrating)), 0.25))
	}
	return append(
		figures,
		pairs(what("job's time"), none, "s", times, each(without, migrating), 0.85),
		pairs(what("job's time"), flags+", 300 ms", "s", times, each(results[byVirshAlone], migrating), 0.85),
		pairs(what("job's time"), flags+", 500 ms", "s", times, each(results[byVirshAtOnce], migrating), 0.85),
		single(what("longest job"), none, "s", slices.Max(times), slices.Max(each(without, migrating)), 0),
		pairs(what("downtime"), none, "ms", each(ours, downtime), each(without, downtime), 0),
		pairs(what("blackout as the guest saw it"), "downtime by libvirt", "ms", each(ours, trial.blackout),
			each(ours, downtime), 0),
	)
}

// spread is how far the values lie apart.
func spread(values []float64) float64 { return slices.Max(values) - slices.Min(values) }

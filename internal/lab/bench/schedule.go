package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
)

// schedule repeats the measurement of KubeVirt's VEP 291 with the lab's busy guest: how far the times of its moves lie
// apart, and how long they take, with a schedule of downtimes, without, and by virsh with the same flags and the
// longest pause of the schedule.
type schedule struct{}

func (schedule) Name() string { return "schedule" }
func (schedule) Hosts() int   { return 2 }

// downtimes are the steps of the schedule, in milliseconds: those of the preset minimal_downtime.
var downtimes = []int{100, 150, 200, 300, 400, 500}

// scheduled is a move whose guest measured its pause itself.
type scheduled struct {
	moved
	// gap is the longest time between two heartbeats less the usual one, in ms.
	gap float64
}

// The ways to move, in the order of their results.
const (
	bySchedule = iota
	withoutSchedule
	byVirshAlone
	wayCount
)

func (s schedule) Measure(ctx context.Context, b *Bench) (figures []Figure, err error) {
	guest, err := b.World.Start(ctx, lab.BusyGuest(""))
	defer func() { err = b.remove(ctx, err, guest) }()
	if err != nil {
		return nil, err
	}
	busy := journeys[1]
	climbs := busy
	climbs.policy = map[string]any{"downtime_schedule_ms": downtimes}
	for field, value := range busy.policy {
		climbs.policy[field] = value
	}
	longest := strconv.Itoa(downtimes[len(downtimes)-1])
	var results [wayCount][]scheduled
	at := 0
	for round := range b.Rounds {
		for turn := range wayCount {
			way := (turn + round) % wayCount
			from, to := b.World.Hosts[at], b.World.Hosts[1-at]
			at = 1 - at
			started := time.Now()
			var seconds float64
			switch way {
			case bySchedule:
				seconds, err = climbs.byAction(ctx, b, guest, to)
			case withoutSchedule:
				seconds, err = busy.byAction(ctx, b, guest, to)
			default:
				if _, err = from.Virsh(ctx, "migrate-setmaxdowntime", guest.UUID, longest); err == nil {
					seconds, err = busy.byVirsh(ctx, guest, from, to)
				}
			}
			if err != nil {
				return nil, err
			}
			m, err := s.measured(ctx, busy, guest, to, started)
			if err != nil {
				return nil, err
			}
			m.seconds = seconds
			results[way] = append(results[way], m)
			b.Say("round %d, %s: %v, gap %.0f ms", round+1, [...]string{"schedule", "none", "virsh"}[way], m.moved, m.gap)
		}
	}
	return s.figures(results), nil
}

// measured is what libvirt and the guest say of the last move.
func (schedule) measured(
	ctx context.Context, j journey, guest *lab.Guest, at *lab.Host, started time.Time,
) (scheduled, error) {
	m, err := j.completed(ctx, guest, at)
	if err != nil {
		return scheduled{}, err
	}
	if _, err := guest.NextBeat(ctx); err != nil {
		return scheduled{}, err
	}
	gap := guest.Between(started, time.Now()).LongestGap - lab.BeatPeriod
	return scheduled{m, float64(gap.Milliseconds())}, nil
}

func (schedule) figures(results [wayCount][]scheduled) []Figure {
	migrating := func(m scheduled) float64 { return m.migrating }
	downtime := func(m scheduled) float64 { return m.downtime }
	gap := func(m scheduled) float64 { return m.gap }
	ours, without, virsh := results[bySchedule], results[withoutSchedule], results[byVirshAlone]
	kept := 0
	for _, m := range ours {
		if m.downtime <= float64(downtimes[len(downtimes)-1]) {
			kept++
		}
	}
	const none, flags = "the same without", "virsh, same flags and longest pause"
	what := func(of string) string {
		return fmt.Sprintf("%s of %d moves of a busy guest by a schedule", of, len(ours))
	}
	return []Figure{
		single(what("range of the job's times"), none, "s", spread(each(ours, migrating)), spread(each(without, migrating)),
			0.25),
		pairs(what("job's time"), none, "s", each(ours, migrating), each(without, migrating), 0.85),
		pairs(what("job's time"), flags, "s", each(ours, migrating), each(virsh, migrating), 0.85),
		pairs(what("downtime"), none, "ms", each(ours, downtime), each(without, downtime), 0),
		pairs(what("pause as the guest saw it"), "downtime by libvirt", "ms", each(ours, gap), each(ours, downtime), 0),
		single(what("downtime within the longest step"), "all", "moves", float64(kept), float64(len(ours)), 0),
	}
}

// spread is how far the values lie apart.
func spread(values []float64) float64 { return slices.Max(values) - slices.Min(values) }

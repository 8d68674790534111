package migration

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// climbing is a migration that sends memory, whose first step was set before its start.
func climbing(t *testing.T, p policy.Policy) *course {
	c := begin(t, PeerToPeer, p)
	c.facts.ladder.downtime.begun(nil)
	return c.after(0, event{kind: onCalled}).
		after(time.Second, event{kind: onDestinationSeen, domain: Domain{State: StateIncoming}}).leaves(1, 1000)
}

// leaves is the reading after a second that shows a pass which begins with so much.
func (c *course) leaves(pass, remaining uint64) *course {
	e := c.sends(pass)
	e.job.MemoryRemaining, e.job.MemoryProcessed = remaining, pass // the reading comes just after the sync
	return c.after(time.Second, e)
}

// raises expects the last event to have led to these orders of the ladder.
func (c *course) raises(want ...effectKind) *course {
	c.Helper()
	var orders []effectKind
	for _, a := range c.did {
		if a.kind == orderDowntime || a.kind == orderCache {
			orders = append(orders, a.kind)
		}
	}
	if !slices.Equal(orders, want) {
		c.Errorf("it raises %v, want %v", orders, want)
	}
	return c
}

func TestLadderIsClimbed(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T){
		"a step for each pass without progress, and none for the others": func(t *testing.T) {
			c := climbing(t, climbs).leaves(2, 500).leaves(3, 400).raises()
			c.leaves(4, 390).raises(orderDowntime) // less than 4 % of it
			c.after(0, event{kind: onDowntimeAnswer}).tells(tellLadder).leaves(5, 300).raises().
				leaves(6, 300).raises(orderDowntime).after(0, event{kind: onDowntimeAnswer}).
				leaves(7, 300).raises().leaves(8, 300).raises() // there is no further step
			want := []Raise{{policy.FieldMaxDowntimeMS, 200, 4}, {policy.FieldMaxDowntimeMS, 400, 6}}
			if diff := cmp.Diff(want, c.facts.ladder.raises); diff != "" {
				t.Errorf("raises (-want +got):\n%s", diff)
			}
		},
		"passes are counted closely while there is a further step": func(t *testing.T) {
			watched := func(c *course, want time.Duration) {
				t.Helper()
				if got := c.facts.interval(); got != want {
					t.Errorf("it looks each %s, want %s", got, want)
				}
			}
			c := climbing(t, climbs).leaves(2, 500).leaves(3, 400)
			watched(c, pollInterval) // it makes progress
			watched(c.leaves(4, 400), eagerInterval)
			watched(c.after(0, event{kind: onDowntimeAnswer}).leaves(5, 300), pollInterval)
			watched(c.leaves(6, 300), pollInterval) // the last step is wanted
		},
		"no further step before libvirt has taken the last": func(t *testing.T) {
			c := climbing(t, climbs).leaves(2, 500).leaves(3, 500).raises(orderDowntime).leaves(4, 500).raises()
			if d := c.facts.ladder.downtime; d.wanted != 1 || d.set != 0 {
				t.Errorf("wanted %d, set %d", d.wanted, d.set)
			}
		},
		"a step that is refused for a reason is ordered again, and told once": func(t *testing.T) {
			climbing(t, climbs).leaves(2, 500).leaves(3, 500).raises(orderDowntime).
				after(0, event{kind: onDowntimeAnswer, err: errRefuse}).tells(tellLadder).is(preCopy).
				after(downtimeWait-time.Millisecond, tick).raises().
				after(time.Millisecond, tick).raises(orderDowntime).
				after(0, event{kind: onDowntimeAnswer, err: errRefuse}).
				after(2*downtimeWait-time.Millisecond, tick).raises().
				after(time.Millisecond, tick).raises(orderDowntime)
		},
		"a step that is denied ends the ladder, and not the migration": func(t *testing.T) {
			climbing(t, climbs).leaves(2, 500).leaves(3, 500).raises(orderDowntime).
				after(0, event{kind: onDowntimeAnswer, err: ErrDenied}).tells(tellLadder).is(preCopy).
				leaves(4, 500).raises().leaves(5, 500).raises()
		},
		"the first step that could not be set before the start comes with the job": func(t *testing.T) {
			c := begin(t, PeerToPeer, climbs)
			c.facts.ladder.downtime.begun(errRefuse)
			c.after(0, event{kind: onCalled}).leaves(1, 1000).raises(orderDowntime).after(0, event{kind: onDowntimeAnswer})
			if d := c.facts.ladder.downtime; d.set != 0 || d.failed != nil || len(c.facts.ladder.raises) > 0 {
				t.Errorf("set %d, failed %v, raises %v", d.set, d.failed, c.facts.ladder.raises)
			}
		},
		"an answer that comes late is taken": func(t *testing.T) {
			climbing(t, climbs).leaves(2, 500).leaves(3, 500).raises(orderDowntime).after(time.Second, asked).is(cancelling).
				after(0, event{kind: onDowntimeAnswer}).is(cancelling).tells(tellLadder).
				after(0, event{kind: onAbortAnswer}).after(0, event{kind: onResult, err: ErrAborted}).is(ended)
		},
		"an adopted one is raised from what was set": func(t *testing.T) {
			c := begin(t, PeerToPeer, climbs)
			c.adopt(false)
			c.leaves(1, 1000).leaves(2, 500).raises().leaves(3, 500).raises(orderDowntime)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}

func TestThrottleBeyondTheHighestIsALimit(t *testing.T) {
	t.Parallel()
	throttled := func(c *course, percent int64) *course {
		e := c.sends(2)
		e.job.Throttle = &percent
		return c.after(time.Second, e)
	}
	bears := policy.Policy{AutoConverge: new(true), MaxThrottlePercent: new(int64(60)), Timeout: new(time.Duration(0))}
	pausing60, off := bears, bears
	pausing60.OnTimeout = new(policy.Pause)
	off.AutoConverge = new(false) // whoever has started it throttles

	throttled(sending(t, PeerToPeer, bears), 60).is(preCopy)
	throttled(sending(t, PeerToPeer, bears), 70).is(cancelling).does(orderAbort).because(overThrottled)
	throttled(sending(t, PeerToPeer, pausing60), 70).is(pausing).does(orderPause)
	throttled(sending(t, PeerToPeer, off), 99).is(preCopy)
}

// Each pass says how many pages were compressed and how many were not in the cache.
func TestCacheGrowsWhileMissesStayHigh(t *testing.T) {
	t.Parallel()
	type pass struct{ compressed, missed int64 }
	const few, many, size = 10, 90, 64 * mib
	cold, bad, good, empty := pass{0, many}, pass{few, many}, pass{many, few}, pass{}
	tests := map[string]struct {
		most   uint64
		passes []pass
		// answers is what comes of the orders.
		answers error
		want    []uint64
	}{
		"the first two passes say nothing":            {most: 4 * size, passes: []pass{empty, cold}},
		"a third that misses doubles it":              {most: 4 * size, passes: []pass{empty, cold, bad}, want: []uint64{2 * size}},
		"few misses let it be":                        {most: 4 * size, passes: []pass{empty, cold, good, good}},
		"passes that send nothing let it be":          {most: 4 * size, passes: []pass{empty, cold, empty, empty}},
		"the pass that fills it again does not count": {most: 4 * size, passes: []pass{empty, cold, bad, bad, bad}, want: []uint64{2 * size}},
		"it is doubled again, to the most":            {most: 4 * size, passes: []pass{empty, cold, bad, bad, bad, bad, bad, bad, bad, bad, bad}, want: []uint64{2 * size, 4 * size}},
		"it stays below the most":                     {most: 3 * size, passes: []pass{empty, cold, bad, bad, bad, bad, bad}, want: []uint64{2 * size}},
		"it does not grow without a limit":            {passes: []pass{empty, cold, bad, bad}},
		"one that is refused is not tried again":      {most: 4 * size, passes: []pass{empty, cold, bad, bad, bad, bad}, answers: errRefuse, want: []uint64{2 * size}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := cacheGrowth{most: test.most}
			has, compressed, missed := uint64(size), int64(0), int64(0)
			var got []uint64
			for i, p := range test.passes {
				compressed, missed = compressed+p.compressed, missed+p.missed
				pass := uint64(i + 2) // the one that the reading is of
				c.pass(Job{Iteration: pass, CompressionPages: &compressed, CompressionCacheMisses: &missed, CompressionCache: has})
				if c.due() {
					got = append(got, c.wanted)
					if test.answers == nil {
						has = c.wanted
					}
					c.answered(test.answers, pass)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("sizes (-want +got):\n%s", diff)
			}
		})
	}
}

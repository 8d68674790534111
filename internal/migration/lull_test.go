package migration

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Passes end every second, the last of them now, or a while ago.
func TestLull(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		passes      []uint64
		ago, waited time.Duration
		// young is true where nothing was seen before these passes.
		young, act bool
	}{
		"nothing can be compared":                     {act: true},
		"one pass cannot be compared":                 {passes: []uint64{500}, act: true},
		"all leave the same":                          {passes: []uint64{500, 490, 500}, ago: 700 * time.Millisecond, act: true},
		"all have left the same for a moment":         {passes: []uint64{500, 490, 500}, ago: 700 * time.Millisecond, young: true},
		"all leave about the same":                    {passes: []uint64{900, 800, 700}, ago: 700 * time.Millisecond, act: true},
		"the last leaves the least":                   {passes: []uint64{500, 900, 480}, act: true},
		"the last leaves a little less, so far":       {passes: []uint64{900, 900, 800}, young: true},
		"the last leaves half, after far less":        {passes: []uint64{900, 200, 440}, young: true},
		"the last leaves far less, so far":            {passes: []uint64{900, 900, 400}, young: true, act: true},
		"the last leaves about the least":             {passes: []uint64{480, 900, 490}, act: true},
		"the last leaves more":                        {passes: []uint64{900, 480, 700}},
		"the last leaves the most":                    {passes: []uint64{900, 480, 500, 900}},
		"the last leaves the least, and is long over": {passes: []uint64{500, 900, 480}, ago: eagerInterval},
		"the last leaves a third more than the least": {passes: []uint64{900, 400, 900, 530}, act: true},
		"the last leaves half more than the least":    {passes: []uint64{900, 400, 900, 600}},
		"more will do after some of the patience":     {passes: []uint64{900, 450, 900, 700}, waited: lullPatience / 4, act: true},
		"the most will not do by then":                {passes: []uint64{900, 450, 600, 900}, waited: lullPatience / 4},
		"a lull of half is waited for half as long":   {passes: []uint64{900, 450, 600, 900}, ago: time.Second, waited: lullPatience / 2, act: true},
		"a deeper lull is waited for longer":          {passes: []uint64{900, 440, 600, 900}, waited: lullPatience / 2},
		"more is left each time":                      {passes: []uint64{400, 600, 900}, ago: 700 * time.Millisecond, act: true},
		"more has been left each time for a moment":   {passes: []uint64{400, 600, 900}, young: true},
		"what is less than ever does at once":         {passes: []uint64{900, 500, 250}, act: true},
		"patience ends in the middle of the worst":    {passes: []uint64{900, 480, 500, 900}, ago: time.Second, waited: lullPatience, young: true, act: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lullDetector{since: noon.Add(-lullSpan)}
			if test.young {
				l.since = time.Time{}
			}
			now := noon
			for _, remaining := range test.passes {
				now = now.Add(time.Second)
				l.observe(now, remaining)
			}
			if got := l.act(now.Add(test.ago), test.waited); got != test.act {
				t.Errorf("it acts: %t, want %t", got, test.act)
			}
		})
	}
}

// A pass that is older than the patience is not compared any more.
func TestLullForgets(t *testing.T) {
	t.Parallel()
	var l lullDetector
	l.observe(noon, 100)
	l.observe(noon.Add(lullPatience), 900)
	if len(l.passes) != 2 {
		t.Errorf("%d passes", len(l.passes))
	}
	l.observe(noon.Add(lullPatience+time.Second), 800)
	l.observe(noon.Add(lullPatience+2*time.Second), 790)
	if len(l.passes) != 3 || !l.act(noon.Add(lullPatience+2*time.Second), 0) {
		t.Errorf("it compares %v", l.passes)
	}
}

// oscillating is a migration whose passes have left now more, now less when its timeout has
// run out, in the middle of one that leaves much.
func oscillating(t *testing.T, p policy.Policy) *course {
	c := climbing(t, p)
	for pass := uint64(2); pass < 17; pass++ {
		c.leaves(pass, []uint64{900, 500, 700}[pass%3])
	}
	return c.after(time.Second, tick).after(time.Second, tick).after(1500*time.Millisecond, tick)
}

func TestTransitionsWaitForALull(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(*testing.T){
		"the guest is paused in a pass that leaves little": func(t *testing.T) {
			c := oscillating(t, pauses).is(preCopy)
			if c.facts.decided.waiting.IsZero() || c.facts.interval() != eagerInterval {
				t.Fatal("it does not wait closely")
			}
			c.leaves(18, 900).is(preCopy).leaves(19, 500).is(pausing).does(orderPause).tells(noteLimit, tellPausing)
		},
		"it is switched to post-copy in a pass that leaves little": func(t *testing.T) {
			oscillating(t, switches).is(preCopy).leaves(18, 900).is(preCopy).leaves(19, 500).is(switching).does(orderSwitch)
		},
		"the wait ends": func(t *testing.T) {
			c := oscillating(t, pauses)
			over := c.facts.decided.waiting.Add(c.facts.lulls.patience())
			for c.now.Before(over.Add(-5 * time.Second)) {
				c.after(2*time.Second, tick).is(preCopy)
			}
			c.after(over.Add(-time.Millisecond).Sub(c.now), tick).is(preCopy).after(time.Millisecond, tick).is(pausing)
		},
		"an abort waits for nothing": func(t *testing.T) {
			oscillating(t, limited).is(cancelling).because(outOfTime)
		},
		"Ctrl-C waits for nothing": func(t *testing.T) {
			oscillating(t, pauses).after(time.Second, asked).is(cancelling).does(orderAbort).because(byCaller)
		},
		"a link that has become idle ends the wait": func(t *testing.T) {
			c := oscillating(t, switches)
			e := c.sends(16)
			e.job.MemoryProcessed = 16
			c.after(idleLink, e).is(cancelling).because(outOfTime)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}

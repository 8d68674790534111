package forecast

import (
	"math"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestWindow is the time in which a guest dirties what it dirties in a time.
func TestWindow(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]line{
		"nothing new after its working set":  {knee: 2, fast: 30 * mib},
		"something new after it":             {knee: 2, fast: 30 * mib, slow: 3 * mib},
		"a working set that is over at once": {knee: shortestKnee, fast: 100 * mib, slow: mib},
	} {
		for _, seconds := range []float64{0, 0.05, tick, 0.15, 1, 1.9, 2, 10} {
			if l.slow == 0 && seconds > l.knee {
				continue
			}
			if got := l.window(l.at(seconds)); math.Abs(got-seconds) > 1e-9 {
				t.Errorf("%s: what is dirtied in %g s is dirtied in %g s", name, seconds, got)
			}
		}
	}
	if got := (line{knee: 2, fast: 30 * mib}).window(61 * mib); got != forever {
		t.Errorf("more than is ever dirtied is dirtied in %g s", got)
	}
}

// TestFresh: what is dirtied while a pass is sent counts once, beside what remains of it.
func TestFresh(t *testing.T) {
	t.Parallel()
	guest := line{knee: 2, fast: 30 * mib} // goes over 60 MiB
	for name, test := range map[string]struct {
		passes          int
		remaining, want float64 // MiB
	}{
		"after the first pass, nothing of which remains":        {1, 0, 30.1},
		"after the first pass, half of which remains":           {1, 64, 15.05},
		"with what remains it is not round yet":                 {2, 20.1, 30},
		"with what remains it is round":                         {2, 50.1, 10},
		"all of the working set remains":                        {2, 60.1, 0},
		"more than the working set remains of the first memory": {2, 90, 0},
	} {
		s := simulation{assumptions: assumptions{guest: guest, first: 128 * mib}, passes: test.passes}
		s.remaining = test.remaining * mib
		if got := s.fresh(1) / mib; math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %g MiB, want %g", name, got, test.want)
		}
	}
}

// TestCost: XBZRLE makes smaller what it has in its cache, which is as much of what was sent again as fits into it.
func TestCost(t *testing.T) {
	t.Parallel()
	compressed := policy.Resolve(policy.Levels{Run: policy.Policy{Compression: new(true)}})
	for name, test := range map[string]struct {
		resent, strange, want float64
	}{
		"nothing was sent again before":            {0, 40, 1},
		"all of it was, and fits":                  {64, 0, 0},
		"all of it was, and a half more than fits": {96, 0, 1.0 / 3},
		"half of what remains was":                 {64, 20, 0.5},
	} {
		s := simulation{policy: compressed, passes: 3, cache: 64 * mib, remaining: 40 * mib}
		s.resent, s.strange = test.resent*mib, test.strange*mib
		if got := s.cost() / wireShare; math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%s: %g of its size, want %g", name, got, test.want)
		}
	}
}

package migration

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// writer is a guest that writes to some MiB again and again, at writes MiB/s.
type writer struct {
	hot    func(at float64) float64
	writes float64
	// noise is the standard deviation of what passes leave, as a share.
	noise float64
}

func steadily(hot float64) func(float64) float64 { return func(float64) float64 { return hot } }

// inTurns writes to much for some time, and then to little.
func inTurns(much, little, work, rest float64) func(float64) float64 {
	return func(at float64) float64 {
		if math.Mod(at, work+rest) < work {
			return much
		}
		return little
	}
}

// dirtied is what it writes to in a time.
func (w writer) dirtied(from, to float64) float64 {
	const step = 0.05
	dirty := 0.
	for at := from; at < to; at += step {
		dirty = max(dirty, min(w.hot(at), dirty+w.writes*min(step, to-at)))
	}
	return dirty
}

// sender sends the memory of a guest as QEMU does: a pass ends once no more remains than fits into the longest pause.
type sender struct {
	writer
	link, pause float64
	noise       *rand.Rand
	// phase is what the guest is at in the beginning.
	phase float64

	began, left, sent float64
	pass              uint64
}

// until sends until some time, and returns the job as it is then.
func (s *sender) until(now float64) Job {
	for {
		most := s.left - s.pause*s.link
		end := s.began + most/s.link
		if end > now {
			break
		}
		dirty := s.dirtied(s.phase+s.began, s.phase+end) * max(0.1, 1+s.writer.noise*s.noise.NormFloat64())
		s.began, s.sent, s.pass = end, s.sent+most, s.pass+1
		s.left = max(dirty, s.pause*s.link+0.1)
	}
	part := s.link * (now - s.began)
	return Job{
		Iteration: s.pass, MemoryTotal: 256 * mib,
		MemoryRemaining: uint64((s.left - part) * mib), MemoryProcessed: uint64((s.sent + part) * mib),
	}
}

// rest is what a guest that is paused now has to wait for, in MiB: what remains, and what it has dirtied since that was
// looked for, of what was sent since then.
func (s *sender) rest(now float64) float64 {
	part := s.link * (now - s.began)
	return s.left - part + s.dirtied(s.phase+s.began, s.phase+now)*part/s.left
}

// paused is after what wait a guest is paused whose time runs out, in seconds, and what it has to wait for, in MiB; byClock
// is what it would have been without a wait.
func (s *sender) paused(limit float64) (waited, left, byClock float64) {
	var stall stallDetector
	var lulls lullDetector
	s.left, s.pass = 256, 1
	for now := 0.; ; {
		at := noon.Add(time.Duration(now * float64(time.Second)))
		stall.observe(at, s.until(now))
		if stall.boundary != nil {
			lulls.observe(at, *stall.boundary)
		}
		interval := pollInterval
		if waited = now - limit; waited >= 0 {
			if byClock == 0 {
				byClock = s.rest(now)
			}
			if lulls.act(at, time.Duration(waited*float64(time.Second))) {
				return waited, s.rest(now), byClock
			}
			interval = eagerInterval
		}
		now += interval.Seconds()
	}
}

// TestLullOfGuests: a guest that is steady, or writes more and more, waits for nothing once passes have told so, and one
// that writes now more, now less is paused when it writes less.
func TestLullOfGuests(t *testing.T) {
	t.Parallel()
	early, late := 8., 30.
	tests := map[string]struct {
		guest writer
		limit float64
		// small is true where all of it is hardly more than what fits into the longest pause.
		small bool
		// longest is the longest wait of all, in seconds, and share what is left at most, in the median, of what would have
		// been left by the clock.
		longest, share float64
	}{
		"steady":                        {guest: writer{steadily(96), 105, 0.04}, limit: late, longest: 0, share: 1},
		"steady, in few passes":         {guest: writer{steadily(96), 105, 0.04}, limit: early, longest: 7, share: 1.1},
		"steady, in short passes":       {guest: writer{steadily(20), 105, 0.04}, limit: late, longest: 0, share: 1},
		"steady, and nearly small":      {guest: writer{steadily(26), 105, 0.04}, limit: late, small: true, longest: 13, share: 1},
		"about steady":                  {guest: writer{steadily(60), 105, 0.15}, limit: late, longest: 12, share: 1},
		"growing":                       {guest: writer{func(at float64) float64 { return 40 + at }, 105, 0.04}, limit: late, longest: 0, share: 1},
		"waves":                         {guest: writer{func(at float64) float64 { return 60 + 40*math.Sin(2*math.Pi*at/15) }, 105, 0.04}, limit: late, longest: 12, share: 0.6},
		"work and rest":                 {guest: writer{inTurns(96, 20, 8, 3), 105, 0.04}, limit: late, longest: 12, share: 0.3},
		"work and rest, in few passes":  {guest: writer{inTurns(96, 20, 8, 3), 105, 0.04}, limit: early, longest: 12, share: 0.3},
		"long work and rest":            {guest: writer{inTurns(96, 20, 25, 6), 105, 0.04}, limit: 45, longest: 16, share: 0.3},
		"a little less, now and then":   {guest: writer{inTurns(60, 35, 8, 3), 105, 0.04}, limit: late, longest: 12, share: 0.7},
		"more than before, and no less": {guest: writer{inTurns(20, 96, 20, 1000), 105, 0.04}, limit: late, longest: 0, share: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const runs = 24
			var waits, lefts, byClock []float64
			for run := range runs {
				s := sender{writer: test.guest, link: 60, pause: 0.05}
				s.noise, s.phase = rand.New(rand.NewPCG(1, uint64(run))), 0.7*float64(run)
				if test.small {
					s.link, s.pause = 36, 0.3
				}
				waited, left, clock := s.paused(test.limit + 0.02*float64(run))
				waits, lefts, byClock = append(waits, waited), append(lefts, left), append(byClock, clock)
			}
			for _, of := range [][]float64{waits, lefts, byClock} {
				slices.Sort(of)
			}
			t.Logf("%s: waited %.1f s, at most %.1f s; %.0f MiB left, by the clock %.0f MiB",
				name, waits[runs/2], waits[runs-1], lefts[runs/2], byClock[runs/2])
			// The time may run out half a second before it is looked.
			if waits[runs-1] > test.longest+0.5 {
				t.Errorf("it waits for up to %.1f s, want %.1f s", waits[runs-1], test.longest)
			}
			if share := lefts[runs/2] / byClock[runs/2]; share > test.share {
				t.Errorf("%.2f of it is left, want %.2f", share, test.share)
			}
		})
	}
}

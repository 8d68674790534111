package migration

import (
	"testing"
	"time"
)

// boundary is the start of a pass: what remains then, and the throttle.
type boundary struct {
	remaining uint64
	throttle  int64
}

// feed gives a detector the readings of passes of some length, taken at an
// interval, and returns the pass at whose start it judged; 0 is never.
func feed(s *stallDetector, lasts, interval time.Duration, passes []boundary) uint64 {
	start := time.Time{}.Add(time.Hour)
	var processed uint64
	end := time.Duration(len(passes)) * lasts
	for at := time.Duration(0); at < end; at += interval {
		n := int(at / lasts)
		pass := passes[n]
		sent := uint64(float64(pass.remaining) * float64(at%lasts) / float64(lasts))
		processed = 0
		for _, before := range passes[:n] {
			processed += before.remaining
		}
		job := Job{
			Type: JobRunning, MemoryTotal: passes[0].remaining, MemoryRemaining: pass.remaining - sent,
			MemoryProcessed: processed + sent, Iteration: uint64(n + 1), Throttle: &passes[n].throttle,
		}
		if s.observe(start.Add(at), job) {
			return job.Iteration
		}
	}
	return 0
}

func repeat(n int, b boundary) []boundary {
	all := make([]boundary, n)
	for i := range all {
		all[i] = b
	}
	return all
}

func falling(n int, from, by uint64) []boundary {
	var all []boundary
	for i := range n {
		all = append(all, boundary{remaining: from - uint64(i)*by})
	}
	return all
}

func TestStallDetector(t *testing.T) {
	t.Parallel()
	const most = 1 << 30
	full := boundary{remaining: most}
	tests := map[string]struct {
		window, lasts time.Duration
		passes        []boundary
		want          uint64
	}{
		"the same at each boundary, longer than the window": {
			window: 10 * time.Second, lasts: 2 * time.Second, passes: repeat(20, full), want: 7, // first boundary at 2 s, judged 10 s later
		},
		"long passes are judged after three of them": {
			window: 10 * time.Second, lasts: 10 * time.Minute, passes: repeat(10, full), want: 5, // first boundary, and three more
		},
		"two passes without a better one are too few": {
			window: 10 * time.Second, lasts: 10 * time.Minute, passes: repeat(4, full), want: 0,
		},
		"a little less at each boundary": {
			window: 10 * time.Second, lasts: 2 * time.Second, passes: falling(100, most, 1<<20), want: 0,
		},
		"first better, then not": {
			window: 10 * time.Second, lasts: 2 * time.Second, passes: append(falling(10, most, 1<<20), repeat(20, full)...), want: 15,
		},
		"worse at each boundary": {
			window: 10 * time.Second, lasts: 2 * time.Second, passes: []boundary{{1 << 20, 0}, {2 << 20, 0}, {3 << 20, 0}, {4 << 20, 0}, {5 << 20, 0}, {6 << 20, 0}, {7 << 20, 0}, {8 << 20, 0}}, want: 7,
		},
		"the throttle rises": {
			window: 10 * time.Second, lasts: 4 * time.Second, want: 0,
			passes: []boundary{{most, 0}, {most, 20}, {most, 20}, {most, 30}, {most, 30}, {most, 40}, {most, 40}, {most, 50}, {most, 50}},
		},
		"the throttle is stuck": {
			window: 10 * time.Second, lasts: 4 * time.Second, want: 6, // rose at 8 s; judged at the first boundary 10 s later
			passes: append([]boundary{{most, 0}, {most, 10}}, repeat(20, boundary{most, 20})...),
		},
		"three passes after the throttle rose at a boundary": {
			window: 10 * time.Second, lasts: time.Minute, want: 6,
			passes: append([]boundary{{most, 0}, {most, 0}}, repeat(20, boundary{most, 20})...),
		},
		"the throttle falls and rises below what it was": {
			window: 10 * time.Second, lasts: 4 * time.Second, want: 5,
			passes: []boundary{{most, 50}, {most, 20}, {most, 30}, {most, 40}, {most, 50}, {most, 20}, {most, 30}, {most, 40}},
		},
		"switched off": {
			window: 0, lasts: 2 * time.Second, passes: repeat(100, full), want: 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stallDetector{window: test.window}
			if got := feed(s, test.lasts, 100*time.Millisecond, test.passes); got != test.want {
				t.Errorf("judged at the start of pass %d, want %d", got, test.want)
			}
		})
	}
}

// However rarely readings are taken, what remained at the boundary is found.
func TestStallDetectorDoesNotTakeALateReadingForProgress(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{70 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond, 1300 * time.Millisecond} {
		s := &stallDetector{window: 20 * time.Second}
		const remaining = 96 << 20
		got := feed(s, 1600*time.Millisecond, interval, repeat(60, boundary{remaining: remaining}))
		if got == 0 || got > 20 {
			t.Errorf("read each %s: judged at the start of pass %d, want about 15", interval, got)
		}
		if s.least == nil || *s.least < remaining*95/100 {
			t.Errorf("read each %s: least %d, want about %d", interval, *s.least, remaining)
		}
	}
}

func TestStallDetectorOfAnAdoptedJobStartsAtABoundary(t *testing.T) {
	t.Parallel()
	s := &stallDetector{window: time.Second}
	now := time.Time{}.Add(time.Hour)
	// In the middle of pass 7 little is left; that is no boundary.
	s.observe(now, Job{Iteration: 7, MemoryRemaining: 1})
	if s.least != nil {
		t.Errorf("least %d before any boundary", *s.least)
	}
	s.observe(now.Add(time.Second), Job{Iteration: 8, MemoryRemaining: 100})
	if s.least == nil || *s.least != 100 {
		t.Error("the first boundary was not taken")
	}
}

// However many passes lie between two readings, what was sent tells what they left.
func TestRemainingAtBoundary(t *testing.T) {
	t.Parallel()
	before := Job{Iteration: 3, MemoryRemaining: 40, MemoryProcessed: 1000}
	tests := map[string]struct {
		after Job
		want  uint64
	}{
		"read at the boundary":        {Job{Iteration: 4, MemoryRemaining: 100, MemoryProcessed: 1040}, 100},
		"read after it":               {Job{Iteration: 4, MemoryRemaining: 70, MemoryProcessed: 1070}, 100},
		"read a pass later":           {Job{Iteration: 5, MemoryRemaining: 70, MemoryProcessed: 1170}, 100},
		"less was sent than remained": {Job{Iteration: 4, MemoryRemaining: 100, MemoryProcessed: 1010}, 100},
		"the figures began anew":      {Job{Iteration: 4, MemoryRemaining: 100, MemoryProcessed: 10}, 100},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := remainingAtBoundary(before, test.after); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}

func TestLinkDetector(t *testing.T) {
	t.Parallel()
	var l linkDetector
	now := time.Time{}.Add(time.Hour)
	steps := []struct {
		at        time.Duration
		processed uint64
		want      time.Duration
	}{
		{0, 0, 0},
		{5 * time.Second, 0, 5 * time.Second},
		{6 * time.Second, 10, 0},
		{9 * time.Second, 10, 3 * time.Second},
		{10 * time.Second, 11, 0},
	}
	for _, step := range steps {
		if got := l.observe(now.Add(step.at), Job{MemoryProcessed: step.processed}); got != step.want {
			t.Errorf("after %s idle for %s, want %s", step.at, got, step.want)
		}
	}
}

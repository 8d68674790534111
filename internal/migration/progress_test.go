package migration

import (
	"testing"
	"time"
)

func TestProgressString(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	tests := map[string]struct {
		progress Progress
		want     string
	}{
		"before anything is sent": {
			Progress{Phase: PhaseStarting, Message: "from kvm1 to kvm2, peer-to-peer"},
			"0s, starting: from kvm1 to kvm2, peer-to-peer",
		},
		"a reading": {
			Progress{Phase: PhasePreCopy, Elapsed: 15300 * time.Millisecond, Pass: 4, Remaining: 96 * mib, Total: 1024 * mib, Bandwidth: 60 * mib, DirtyRate: 30 * mib, Throttle: new(int64(30)), Estimate: new(3200 * time.Millisecond)},
			"15s, pre-copy: pass 4, 96 MiB of 1024 MiB left, sending 60 MiB/s, guest dirties 30 MiB/s, throttle 30 %, about 3s to go",
		},
		"no end in sight": {
			Progress{Phase: PhasePreCopy, Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib, Total: 20480 * mib, Bandwidth: 60 * mib, DirtyRate: 110 * mib},
			"1m0s, pre-copy: pass 9, 96 MiB of 20.0 GiB left, sending 60 MiB/s, guest dirties 110 MiB/s, no end in sight at these rates",
		},
		"a message with a reading": {
			Progress{Phase: PhasePaused, Message: "paused the guest", Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib, Total: 1024 * mib, Bandwidth: 60 * mib},
			"1m0s, paused: paused the guest; pass 9, 96 MiB of 1024 MiB left, sending 60 MiB/s",
		},
		"an old reading is not told": {
			Progress{Phase: PhaseVerifying, Message: "looking", Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib},
			"1m0s, verifying: looking",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.progress.String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		phase Phase
		job   Job
		want  time.Duration // 0 is none
	}{
		"half of what is sent is dirtied again": {PhasePreCopy, Job{Iteration: 2, MemoryRemaining: 100, MemoryBandwidth: 20, DirtyRate: 10}, 10 * time.Second},
		"nothing is dirtied":                    {PhasePreCopy, Job{Iteration: 2, MemoryRemaining: 100, MemoryBandwidth: 20}, 5 * time.Second},
		"all of it is dirtied again":            {PhasePreCopy, Job{Iteration: 2, MemoryRemaining: 100, MemoryBandwidth: 20, DirtyRate: 20}, 0},
		"the dirty rate is not known yet":       {PhasePreCopy, Job{Iteration: 1, MemoryRemaining: 100, MemoryBandwidth: 20}, 0},
		"the guest is paused":                   {PhasePaused, Job{Iteration: 5, MemoryRemaining: 100, MemoryBandwidth: 20, DirtyRate: 90}, 5 * time.Second},
		"the guest runs elsewhere":              {PhasePostCopy, Job{Iteration: 5, MemoryRemaining: 100, MemoryBandwidth: 20, DirtyRate: 90}, 5 * time.Second},
		"nothing is sent":                       {PhasePreCopy, Job{Iteration: 2, MemoryRemaining: 100}, 0},
		"as good as never":                      {PhasePreCopy, Job{Iteration: 2, MemoryRemaining: 1 << 40, MemoryBandwidth: 1001, DirtyRate: 1000}, 0},
		"it is being cancelled":                 {PhaseCancelling, Job{Iteration: 2, MemoryRemaining: 100, MemoryBandwidth: 20}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := estimate(test.phase, test.job)
			switch {
			case got == nil && test.want != 0:
				t.Errorf("none, want %s", test.want)
			case got != nil && *got != test.want:
				t.Errorf("%s, want %s", *got, test.want)
			}
		})
	}
}

func TestNarratorReportsAboutEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	var reports []Progress
	n := newNarrator(func(p Progress) { reports = append(reports, p) })
	for range 100 {
		n.reading(Job{Iteration: 1, MemoryRemaining: 1})
	}
	if len(reports) != 1 {
		t.Errorf("%d reports at once, want the first reading only", len(reports))
	}
	n.told = n.told.Add(-reportInterval)
	n.reading(Job{Iteration: 1})
	if len(reports) != 2 {
		t.Errorf("%d reports after %s", len(reports), reportInterval)
	}
}

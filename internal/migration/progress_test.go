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
			Progress{Phase: PhasePreCopy, Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib, Total: 20480 * mib, Bandwidth: 60 * mib, DirtyRate: 60 * mib, Hopeless: true},
			"1m0s, pre-copy: pass 9, 96 MiB of 20.0 GiB left, sending 60 MiB/s, guest dirties 60 MiB/s, no end in sight: passes leave no less than before",
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

func TestReporterReportsAboutEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	var reports []Progress
	r := newReporter("kvm1", "kvm2", func(p Progress) { reports = append(reports, p) })
	for range 100 {
		r.reading(Job{Iteration: 1, MemoryRemaining: 1}, nil)
	}
	if len(reports) != 1 {
		t.Errorf("%d reports at once, want the first reading only", len(reports))
	}
	r.told = r.told.Add(-reportInterval)
	r.reading(Job{Iteration: 1}, nil)
	if len(reports) != 2 {
		t.Errorf("%d reports after %s", len(reports), reportInterval)
	}
}

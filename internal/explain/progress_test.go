package explain

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		progress migration.Progress
		want     string
	}{
		"before anything is sent": {
			migration.Progress{Phase: migration.PhaseStarting, Subject: web, Notice: migration.Notice{Kind: migration.NoticeStarted, Mode: migration.PeerToPeer}},
			"0s, starting: from kvm1 to kvm2, peer-to-peer",
		},
		"a reading": {
			migration.Progress{Phase: migration.PhasePreCopy, Elapsed: 15300 * time.Millisecond, Pass: 4, Remaining: 96 * mib, Total: 1024 * mib, Bandwidth: 60 * mib, DirtyRate: 30 * mib, Throttle: new(int64(30)), Estimate: new(3200 * time.Millisecond)},
			"15s, pre-copy: pass 4, 96 MiB of 1024 MiB left, sending 60 MiB/s, guest dirties 30 MiB/s, throttle 30 %, about 3s to go",
		},
		"no end in sight": {
			migration.Progress{Phase: migration.PhasePreCopy, Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib, Total: 20480 * mib, Bandwidth: 60 * mib, DirtyRate: 60 * mib, Hopeless: true},
			"1m0s, pre-copy: pass 9, 96 MiB of 20480 MiB left, sending 60 MiB/s, guest dirties 60 MiB/s, no end in sight: passes leave no less than before",
		},
		"a message with a reading": {
			migration.Progress{Phase: migration.PhasePaused, Notice: migration.Notice{Kind: migration.NoticePaused}, Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib, Total: 1024 * mib, Bandwidth: 60 * mib},
			"1m0s, paused: paused the guest, so that it dirties no more memory; pass 9, 96 MiB of 1024 MiB left, sending 60 MiB/s",
		},
		"an old reading is not told": {
			migration.Progress{Phase: migration.PhaseVerifying, Subject: web, Notice: migration.Notice{Kind: migration.NoticeVerifying}, Elapsed: time.Minute, Pass: 9, Remaining: 96 * mib},
			"1m0s, verifying: looking at kvm1 and kvm2",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Progress(test.progress); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

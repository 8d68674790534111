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
		"disks": {
			migration.Progress{Phase: migration.PhaseMirroring, Elapsed: 15300 * time.Millisecond, Mirror: migration.MirrorFigures{Total: 70 * mib, Remaining: 40 * mib, Rate: 8 * mib, WriteRate: mib}, Estimate: new(5700 * time.Millisecond)},
			"15s, copying disks: 40 MiB of 70 MiB left, copying 8 MiB/s, guest writes 1 MiB/s again, about 6s to go before memory is sent",
		},
		"several disks": {
			migration.Progress{Phase: migration.PhaseMirroring, Mirror: migration.MirrorFigures{Total: 70 * mib, Remaining: 40 * mib, Disks: []migration.DiskCopy{
				{Target: "vda", Total: 20 * mib, Copied: 20 * mib}, {Target: "vdb", Total: 50 * mib, Copied: 10 * mib}, {Target: "vdc"},
			}}},
			"0s, copying disks: 40 MiB of 70 MiB left (vda ready, vdb 40 MiB, vdc not begun)",
		},
		"the first of the disks": {
			migration.Progress{Phase: migration.PhaseMirroring, Subject: web, Notice: migration.Notice{Kind: migration.NoticeMirroring}, Mirror: migration.MirrorFigures{Total: 70 * mib, Remaining: 70 * mib}},
			"0s, copying disks: to kvm2, before memory; 70 MiB of 70 MiB left",
		},
		"disks do not count once memory is sent": {
			migration.Progress{Phase: migration.PhasePreCopy, Pass: 1, Remaining: 96 * mib, Total: 96 * mib, Mirror: migration.MirrorFigures{Total: 70 * mib}},
			"0s, pre-copy: pass 1, 96 MiB of 96 MiB left",
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

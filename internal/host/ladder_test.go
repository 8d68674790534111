//go:build lab

package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// What the ladder raises in mid-move is what QEMU has then: the guest rewrites more than the XBZRLE cache holds, faster
// than the link carries it, and a pause as short as the schedule's ends no move.
func TestLadderReachesQEMU(t *testing.T) {
	w := world(t)
	source, destination := connect(t, w.Hosts[0]), connect(t, w.Hosts[1])
	guest := w.StartGuest(t, lab.UntamableGuest(""))
	p := policy.Policy{
		DowntimeScheduleMS: new(policy.Numbers{1, 2}), BandwidthMiBPerSecond: new(int64(60)),
		Compression: new(true), CompressionCacheMiB: new(int64(16)), CompressionCacheMaxMiB: new(int64(32)),
	}
	want := map[policy.Field]struct {
		parameter string
		value     float64
	}{
		policy.FieldMaxDowntimeMS:       {"downtime-limit", 2},
		policy.FieldCompressionCacheMiB: {"xbzrle-cache-size", 32 << 20},
	}
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	_, err := migration.Run(ctx, moveOf(guest, source, destination, migration.PeerToPeer, p), func(p migration.Progress) {
		raised, ok := want[p.Notice.Raise.Field]
		if !ok {
			return
		}
		t.Logf("pass %d: %s is raised to %d", p.Notice.Raise.Pass, p.Notice.Raise.Field, p.Notice.Raise.To)
		if parameters, _ := qemu(t, w.Hosts[0], guest.UUID); parameters[raised.parameter] != raised.value {
			t.Errorf("QEMU has a %s of %v, want %v", raised.parameter, parameters[raised.parameter], raised.value)
		}
		if delete(want, p.Notice.Raise.Field); len(want) == 0 {
			cancel()
		}
	})
	var cancelled *migration.CancelledError
	if !errors.As(err, &cancelled) || cancelled.Outcome.Place() != migration.OnSource {
		t.Errorf("got %v", err)
	}
	if len(want) > 0 {
		t.Errorf("not raised: %v", want)
	}
	// libvirt has put back what was raised, and the engine what was set before the start.
	if after, err := source.MaxDowntime(testContext(t), guest.UUID); err != nil || after != 300 {
		t.Errorf("afterwards the longest pause is %d ms, %v; want QEMU's default of 300", after, err)
	}
}

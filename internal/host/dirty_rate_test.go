//go:build lab

package host_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// requireDirtyRate measures a guest that dirties its working set about once a second, and ends a wait for a
// measurement.
func requireDirtyRate(t *testing.T, h *host.Host, guest *lab.Guest) {
	t.Helper()
	const mebibyte = 1 << 20
	hot := uint64(guest.Spec.Load.HotMiB) * mebibyte
	// The guest may be short of processors in one window.
	if !rpctest.Poll(20*time.Second, func() bool {
		rate, err := h.DirtyRate(testContext(t), guest.UUID, time.Second)
		t.Logf("dirty rate of %d MiB/s, %v", rate/mebibyte, err)
		return err == nil && rate >= hot/4 && rate <= 3*hot/2
	}) {
		t.Errorf("want a dirty rate of about %d MiB/s", hot/mebibyte)
	}
	usage, err := h.Usage(testContext(t), guest.UUID)
	memory := uint64(guest.Spec.MemoryMiB) * mebibyte
	if err != nil || usage.VCPUs != 1 || usage.VCPUTime <= 0 || usage.MemoryBytes != memory || usage.ResidentBytes < hot {
		t.Errorf("usage %+v, %v", usage, err)
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	_, err = h.DirtyRate(ctx, guest.UUID, 5*time.Second)
	if took := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || took > 4*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

// TestDirtyRateRefused: a domain that does not run, and windows that libvirt does not have.
func TestDirtyRateRefused(t *testing.T) {
	w := world(t)
	h := connect(t, w.Hosts[0])
	guest := w.StartGuest(t, lab.GuestSpec{Bare: true, State: lab.Inactive})
	if _, err := h.DirtyRate(testContext(t), guest.UUID, time.Second); !errors.Is(err, migration.ErrNotActive) {
		t.Errorf("shut off: %v", err)
	}
	for _, window := range []time.Duration{0, 1500 * time.Millisecond, 61 * time.Second} {
		if _, err := h.DirtyRate(testContext(t), guest.UUID, window); err == nil || errors.Is(err, migration.ErrNotActive) {
			t.Errorf("window of %s: %v", window, err)
		}
	}
}

package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// The windows over which libvirt measures a dirty rate are whole seconds.
const (
	ShortestDirtyWindow = time.Second
	LongestDirtyWindow  = 60 * time.Second
)

const (
	// dirtyRateAllowance is how long QEMU may take to compare its samples once the window is over.
	dirtyRateAllowance = 10 * time.Second
	// dirtyRatePoll is how often it is asked whether it has.
	dirtyRatePoll = 100 * time.Millisecond
)

// ErrNotMeasured is a dirty rate that QEMU did not give in time.
var ErrNotMeasured = errors.New("QEMU has not measured the dirty rate in time")

// DirtyRate measures how much memory a guest dirties in a window of whole seconds, in bytes per second: QEMU
// samples pages, 512 of each GiB, and looks which have changed (virDomainStartDirtyRateCalc, page sampling). The
// other modes are not used: that of the dirty bitmap kills a QEMU 7.2 that emulates. The result is in whole MiB/s,
// rounded down. It takes the window and the time for some calls. Only a domain without a job may be measured: the
// call would wait for the job's end.
func (h *Host) DirtyRate(ctx context.Context, uuid string, window time.Duration) (uint64, error) {
	const op = "measure the dirty rate"
	dom, err := handle(uuid)
	if err != nil {
		return 0, h.fail(op, err)
	}
	if window < ShortestDirtyWindow || window > LongestDirtyWindow || window%time.Second != 0 {
		return 0, h.fail(op, fmt.Errorf("a window of %s is not one of whole seconds, 1 s to 60 s", window))
	}
	err = write(ctx, h, op, h.deadlines.Call, rpc.Writing, func(lv *libvirt.Libvirt) error {
		return lv.DomainStartDirtyRateCalc(dom, int32(window/time.Second), uint32(libvirt.DomainDirtyrateModePageSampling))
	})
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, window+dirtyRateAllowance, ErrNotMeasured)
	defer cancel()
	for due := time.NewTimer(window); ; due.Reset(dirtyRatePoll) {
		select {
		case <-ctx.Done():
			due.Stop()
			return 0, h.fail(op, context.Cause(ctx))
		case <-due.C:
		}
		stats, err := h.domainStats(ctx, op, uuid, libvirt.DomainStatsDirtyrate)
		if err != nil {
			return 0, err
		}
		status := libvirt.DomainDirtyRateStatus(stats.signed(libvirt.DomainStatsDirtyrateCalcStatus))
		measured := status == libvirt.DomainDirtyrateMeasured
		period := time.Duration(stats.signed(libvirt.DomainStatsDirtyrateCalcPeriod)) * time.Second
		if rate, ok := stats[libvirt.DomainStatsDirtyrateMegabytesPerSecond].(int64); ok && measured && period == window {
			return uint64(max(rate, 0)) << 20, nil
		}
	}
}

package host

import (
	"context"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// CPUTime is what all CPUs of the host together have been busy for since it started (virNodeGetCPUStats).
func (h *Host) CPUTime(ctx context.Context) (time.Duration, error) {
	const op = "ask for the host's CPU time"
	stats, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) ([]libvirt.NodeGetCPUStats, error) {
		const all = int32(libvirt.NodeCPUStatsAllCpus)
		_, n, err := lv.NodeGetCPUStats(all, 0, 0)
		if err != nil {
			return nil, err
		}
		stats, _, err := lv.NodeGetCPUStats(all, n, 0)
		return stats, err
	})
	var busy time.Duration
	for _, s := range stats {
		switch s.Field {
		case libvirt.NodeCPUStatsKernel, libvirt.NodeCPUStatsUser, libvirt.NodeCPUStatsIntr:
			busy += time.Duration(s.Value)
		}
	}
	return busy, err
}

// VCPUTimes are what the virtual CPUs of each domain that is active have run for since its guest started, by UUID. It
// waits for no job.
func (h *Host) VCPUTimes(ctx context.Context) (map[string]time.Duration, error) {
	const op = "list the CPU time of the domains"
	records, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		const flags = libvirt.ConnectGetAllDomainsStatsActive | libvirt.ConnectGetAllDomainsStatsNowait
		return lv.ConnectGetAllDomainStats(nil, uint32(libvirt.DomainStatsVCPU), uint32(flags))
	})
	times := make(map[string]time.Duration, len(records))
	for _, r := range records {
		times[formatUUID(r.Dom.UUID)] = statisticsOf(r.Params).vcpuTime()
	}
	return times, err
}

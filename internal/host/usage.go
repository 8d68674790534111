package host

import (
	"context"
	"strings"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// Usage is what a guest uses, as its host counts it.
type Usage struct {
	// VCPUs is how many virtual CPUs it has now, and VCPUTime what they have run for since the guest started.
	VCPUs    uint32
	VCPUTime time.Duration
	// MemoryBytes is the most memory that the guest can have; ResidentBytes is what its QEMU takes of
	// the host's.
	MemoryBytes, ResidentBytes uint64
}

// Usage asks what a guest uses. It waits for no job; ResidentBytes is 0 where the host does not say.
func (h *Host) Usage(ctx context.Context, uuid string) (Usage, error) {
	const about = libvirt.DomainStatsBalloon | libvirt.DomainStatsVCPU
	stats, err := h.domainStats(ctx, "ask what the domain uses", uuid, about)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{
		MemoryBytes:   stats.unsigned(libvirt.DomainStatsBalloonMaximum) << 10,
		ResidentBytes: stats.unsigned(libvirt.DomainStatsBalloonRss) << 10,
		VCPUTime:      stats.vcpuTime(),
	}
	u.VCPUs, _ = stats[libvirt.DomainStatsVCPUCurrent].(uint32)
	return u, nil
}

// vcpuTime is what all virtual CPUs of a domain have run for.
func (s statistics) vcpuTime() (all time.Duration) {
	for name := range s {
		ofVCPU := strings.HasPrefix(name, libvirt.DomainStatsVCPUPrefix)
		if ofVCPU && strings.HasSuffix(name, libvirt.DomainStatsVCPUSuffixTime) {
			all += time.Duration(s.unsigned(name))
		}
	}
	return all
}

// domainStats are statistics of one domain, of the groups asked for. It waits for no job: what would have
// to is missing then.
func (h *Host) domainStats(ctx context.Context, op, uuid string, about libvirt.DomainStatsTypes) (statistics, error) {
	dom, err := handle(uuid)
	if err != nil {
		return nil, h.fail(op, err)
	}
	records, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		const flags = libvirt.ConnectGetAllDomainsStatsNowait
		return lv.ConnectGetAllDomainStats([]libvirt.Domain{dom}, uint32(about), uint32(flags))
	})
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, h.fail(op, migration.ErrNoDomain)
	}
	return statisticsOf(records[0].Params), nil
}

package host

import (
	"context"
	"errors"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// DetailedDomain is a domain as a list with its resources has it.
type DetailedDomain struct {
	// Domain has its memory size. That of an incoming domain is said to be one.
	migration.Domain
	// VCPUs is how many virtual CPUs it has now, and VCPUTime what they have run for since the guest started.
	VCPUs    uint32
	VCPUTime time.Duration
	// ResidentBytes is what its QEMU has of the host's memory, huge pages apart; 0 where the host does not say.
	ResidentBytes uint64
	// Autostart is true when libvirt starts it with the host.
	Autostart bool
}

// DetailedDomains lists all domains of the host, in three calls, and one more for each that
// only its job tells from an incoming one. It waits for no job. It needs libvirt 4.5.
func (h *Host) DetailedDomains(ctx context.Context) ([]DetailedDomain, error) {
	var persistent, transient []DetailedDomain
	var autostarted map[libvirt.UUID]bool
	err := parallel(
		get(&persistent, func() ([]DetailedDomain, error) {
			return h.detailed(ctx, libvirt.ConnectGetAllDomainsStatsPersistent)
		}),
		get(&transient, func() ([]DetailedDomain, error) {
			return h.detailed(ctx, libvirt.ConnectGetAllDomainsStatsTransient)
		}),
		get(&autostarted, func() (map[libvirt.UUID]bool, error) { return h.autostarted(ctx) }),
	)
	domains := append(persistent, transient...)
	for i, d := range domains {
		if u, err := parseUUID(d.UUID); err == nil {
			domains[i].Autostart = autostarted[u]
		}
	}
	return domains, err
}

func (h *Host) detailed(ctx context.Context, which libvirt.ConnectGetAllDomainStatsFlags) ([]DetailedDomain, error) {
	const op = "list the domains and their resources"
	const about = libvirt.DomainStatsState | libvirt.DomainStatsBalloon | libvirt.DomainStatsVCPU
	records, err := read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		return lv.ConnectGetAllDomainStats(nil, uint32(about), uint32(which|libvirt.ConnectGetAllDomainsStatsNowait))
	})
	domains := make([]DetailedDomain, 0, len(records))
	for _, r := range records {
		stats := statisticsOf(r.Params)
		s, why := stats.signed("state.state"), stats.signed("state.reason")
		now, err := h.interpret(ctx, op, r.Dom, s, why)
		switch {
		case errors.Is(err, migration.ErrNoDomain):
			continue // it has ended meanwhile
		case err != nil:
			return nil, err
		}
		vcpus, _ := stats[libvirt.DomainStatsVCPUCurrent].(uint32)
		domains = append(domains, DetailedDomain{
			VCPUs: vcpus, VCPUTime: stats.vcpuTime(), ResidentBytes: stats.unsigned(libvirt.DomainStatsBalloonRss) << 10,
			Domain: migration.Domain{
				UUID: formatUUID(r.Dom.UUID), Name: sanitize.Name(r.Dom.Name),
				State: now.state, Reason: now.reason, Unresponsive: now.unresponsive,
				Persistent:  which == libvirt.ConnectGetAllDomainsStatsPersistent,
				MemoryBytes: stats.unsigned(libvirt.DomainStatsBalloonMaximum) << 10,
			},
		})
	}
	return domains, err
}

// autostarted are the domains that libvirt starts with the host.
func (h *Host) autostarted(ctx context.Context) (map[libvirt.UUID]bool, error) {
	const op = "list the domains that are started with the host"
	return read(ctx, h, op, rpc.Patient, func(lv *libvirt.Libvirt) (map[libvirt.UUID]bool, error) {
		domains, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsAutostart)
		started := map[libvirt.UUID]bool{}
		for _, d := range domains {
			started[d.UUID] = true
		}
		return started, err
	})
}

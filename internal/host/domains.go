package host

import (
	"context"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

// ListedDomain is a domain as a list of all domains has it.
type ListedDomain struct {
	// Domain has no memory size.
	migration.Domain
	// Unclear is true where only a question about this domain tells its state: it may be
	// the source of a migration or its destination.
	Unclear bool
}

// Domains lists all domains of the host with their states, in two calls however many there
// are. It waits for a domain that is starting; the longest wait measured is 4.6 s. A domain
// that is defined or undefined in between may be listed twice, or not at all.
func (h *Host) Domains(ctx context.Context) ([]ListedDomain, error) {
	var persistent, transient []ListedDomain
	err := parallel(
		get(&persistent, func() ([]ListedDomain, error) {
			return h.listed(ctx, libvirt.ConnectGetAllDomainsStatsPersistent)
		}),
		get(&transient, func() ([]ListedDomain, error) {
			return h.listed(ctx, libvirt.ConnectGetAllDomainsStatsTransient)
		}),
	)
	return append(persistent, transient...), err
}

func (h *Host) listed(ctx context.Context, which libvirt.ConnectGetAllDomainStatsFlags) ([]ListedDomain, error) {
	list := func(lv *libvirt.Libvirt) ([]libvirt.DomainStatsRecord, error) {
		return lv.ConnectGetAllDomainStats(nil, uint32(libvirt.DomainStatsState), uint32(which))
	}
	records, err := read(ctx, h, "list the domains", rpc.Patient, list)
	domains := make([]ListedDomain, len(records))
	for i, r := range records {
		stats := statisticsOf(r.Params)
		s, why := stats.signed("state.state"), stats.signed("state.reason")
		domains[i] = ListedDomain{
			Domain: migration.Domain{
				UUID: formatUUID(r.Dom.UUID), Name: sanitize.Name(r.Dom.Name), State: state(s, why), Reason: reason(s, why),
				Persistent: which == libvirt.ConnectGetAllDomainsStatsPersistent,
			},
			Unclear: perhapsIncoming(s, why),
		}
	}
	return domains, err
}

package fleet

import (
	"context"
	"errors"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// hostFacts are what one host says for a choice.
type hostFacts struct {
	host    placement.Host
	domains []host.DetailedDomain
}

// world is what the hosts say for the choice of a destination, and the VM among it. A host that
// does not say all of it is silent.
func (f *Fleet) world(ctx context.Context, l Location) (placement.World, placement.VM) {
	var w placement.World
	vms := map[string]*placement.VM{}
	arriving := map[string]string{}
	for _, facts := range each(f.hosts, func(h *host.Host) hostFacts { return f.factsOf(ctx, h) }) {
		w.Hosts = append(w.Hosts, facts.host)
		for _, d := range facts.domains {
			switch {
			case d.State == migration.StateIncoming:
				arriving[d.UUID] = facts.host.Name
			case d.Active():
				vms[d.UUID] = &placement.VM{
					UUID: d.UUID, Name: d.Name, Host: facts.host.Name, Memory: d.MemoryBytes, Resident: d.MemoryBytes,
					CPUs: int(d.VCPUs),
				}
			}
		}
	}
	vm := placement.VM{UUID: l.Domain.UUID, Name: l.Domain.Name, Host: l.Host, Memory: l.Domain.MemoryBytes}
	if seen := vms[vm.UUID]; seen != nil {
		vm = *seen
		vm.Host = l.Host
	}
	delete(arriving, vm.UUID)
	for uuid, destination := range f.promises.others(vm.UUID) {
		arriving[uuid] = destination
	}
	for uuid, destination := range arriving {
		if other := vms[uuid]; other != nil && other.Host != destination {
			other.BoundFor = destination
		}
	}
	for _, other := range vms {
		w.VMs = append(w.VMs, *other)
	}
	countArriving(w.Hosts, w.VMs)
	return w, vm
}

func (f *Fleet) factsOf(ctx context.Context, h *host.Host) hostFacts {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	capabilities, cpuErr := h.Capabilities(ctx)
	memory, memoryErr := h.Memory(ctx)
	domains, domainsErr := h.DetailedDomains(ctx)
	if errors.Join(cpuErr, memoryErr, domainsErr) != nil {
		return hostFacts{host: placement.Host{Name: h.Name(), Silent: true}}
	}
	facts := hostFacts{domains: domains, host: placement.Host{
		Name: h.Name(), Memory: memory.Total, Available: memory.Available, CPUs: len(capabilities.CPUs),
		MostArriving: f.slots.limitIncoming(h.Name()), MostLeaving: f.slots.maxOutgoing,
	}}
	if in, out, err := h.Migrations(ctx, domains); err == nil {
		facts.host.Arriving, facts.host.Leaving = in, out
	}
	return facts
}

// countArriving counts VMs that are bound for a host as moves to it, before their jobs run.
func countArriving(hosts []placement.Host, vms []placement.VM) {
	bound := map[string]int{}
	for _, vm := range vms {
		bound[vm.BoundFor]++
	}
	for i, h := range hosts {
		hosts[i].Arriving = max(h.Arriving, bound[h.Name])
	}
}

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// world is what the hosts of a muster have, and the VMs on them. groups are the anti-affinity groups of VMs by UUID, and to
// the hosts that VMs are given already, by UUID.
func (f *Fleet) musteredWorld(ctx context.Context, m muster, groups, to map[string]string) placement.World {
	var w placement.World
	w.Hosts = each(m.rolls, func(r roll) placement.Host { return f.hostFacts(ctx, r) })
	for _, r := range m.rolls {
		for _, d := range r.sorted() {
			if !d.Active() || d.State == migration.StateIncoming {
				continue
			}
			vm := placement.VM{
				UUID: d.UUID, Name: d.Name, Host: r.host.Name(), BoundFor: m.bound[d.UUID], Memory: d.MemoryBytes,
				Resident: d.MemoryBytes, CPUs: int(d.VCPUs), Group: groups[d.UUID],
			}
			if given := to[d.UUID]; given != "" && given != vm.Host {
				vm.BoundFor = given
			}
			if vm.BoundFor == vm.Host {
				vm.BoundFor = ""
			}
			w.VMs = append(w.VMs, vm)
		}
	}
	return w
}

// hostFacts are those of one host; it is silent where it does not say all of them.
func (f *Fleet) hostFacts(ctx context.Context, r roll) placement.Host {
	facts := placement.Host{
		Name: r.host.Name(), MostArriving: f.slots.limitIncoming(r.host.Name()),
	}
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	capabilities, cpuErr := r.host.Capabilities(ctx)
	memory, memoryErr := r.host.Memory(ctx)
	record, cordonErr := cordonOf(ctx, r.host)
	var unreadable *UnreadableCordonError
	if errors.As(cordonErr, &unreadable) {
		record.Cordoned, cordonErr = true, nil // it may be
	}
	if errors.Join(r.err, cpuErr, memoryErr, cordonErr) != nil {
		return placement.Host{Name: r.host.Name(), Silent: true}
	}
	facts.Memory, facts.Available, facts.CPUs = memory.Total, memory.Available, len(capabilities.CPUs)
	facts.Cordoned = record.Cordoned
	facts.Arriving, facts.Leaving, _ = r.host.Migrations(ctx, r.sorted())
	return facts
}

// groupsOf are the anti-affinity groups of VMs by UUID, as far as their records were read.
func (m muster) groupsOf() map[string]string {
	groups := map[string]string{}
	for _, r := range m.rolls {
		for uuid, record := range r.records {
			if p := record.Copies[0].Record.Policy; p.AntiAffinityGroup != nil {
				groups[uuid] = *p.AntiAffinityGroup
			}
		}
	}
	return groups
}

// among are the hosts that VMs of an evacuation may go to.
func (f *Fleet) among(ctx context.Context, e Evacuation) ([]string, error) {
	switch {
	case len(e.Destinations) > 0:
		if _, err := f.all(e.Destinations); err != nil {
			return nil, err
		}
		return e.Destinations, nil
	case e.Cluster == "":
		return slices.DeleteFunc(f.Names(), func(name string) bool { return name == e.Host }), nil
	}
	names, _, err := f.ClusterHosts(ctx, e.Cluster)
	names = slices.DeleteFunc(names, func(name string) bool { return name == e.Host })
	if err == nil && len(names) == 0 {
		err = &EmptyClusterError{Cluster: e.Cluster, Besides: e.Host}
	}
	return names, err
}

// EmptyClusterError is a cluster that no host is in but the one that is emptied.
type EmptyClusterError struct{ Cluster, Besides string }

func (e *EmptyClusterError) Error() string {
	return fmt.Sprintf("no host that answers is in cluster %q besides %s", e.Cluster, e.Besides)
}

package fleet

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// othersInterval is how often a run looks which moves others make over a link with a budget.
const othersInterval = 5 * time.Second

// passage is the VMs, by UUID, that others than this run move from a host and to it.
type passage struct{ leaving, entering map[string]bool }

// countOthers counts the migrations that other runs and other tools make over the links of a move,
// until stop is called.
func (f *Fleet) countOthers(ctx context.Context, s *sharer) (stop func()) {
	if s == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	links := s.flow.links() // they stay, what else is in the flow changes under the budgets' lock
	var looking sync.WaitGroup
	looking.Go(func() {
		for {
			f.lookForOthers(ctx, links)
			if wait(ctx, othersInterval) != nil {
				return
			}
		}
	})
	return func() {
		cancel()
		looking.Wait()
	}
}

// lookForOthers looks once. What a host does not tell stays as it was told before.
func (f *Fleet) lookForOthers(ctx context.Context, links []string) {
	var looking sync.WaitGroup
	for _, name := range links {
		if f.budgets.of[name] == 0 {
			continue
		}
		looking.Go(func() {
			out, outErr := f.places.Look(ctx, name, lease.Out)
			in, inErr := f.places.Look(ctx, name, lease.In)
			if outErr == nil && inErr == nil {
				f.budgets.see(name, passage{f.ofOthers(out), f.ofOthers(in)})
			}
		})
	}
	looking.Wait()
}

// ofOthers are the VMs that have a place which this run has not leased.
func (f *Fleet) ofOthers(s lease.Side) map[string]bool {
	vms := map[string]bool{}
	for vm := range s.Running {
		vms[vm] = true
	}
	for _, p := range s.Places {
		if p.Holder.VM != "" {
			vms[p.Holder.VM] = p.Holder.Run != f.run
		}
	}
	maps.DeleteFunc(vms, func(_ string, others bool) bool { return !others })
	return vms
}

// see notes what passes a host with a budget by others. A VM that this run moves, or has moved, is not theirs.
func (b *budgets) see(host string, p passage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, vms := range []map[string]bool{p.leaving, p.entering} {
		maps.DeleteFunc(vms, func(vm string, _ bool) bool { return b.mine[vm] })
	}
	b.passing[host] = p
	b.divide()
}

// others are the flows of others, each once.
func (b *budgets) others() []flow {
	flows := map[string]*flow{}
	of := func(vm string) *flow {
		if flows[vm] == nil {
			flows[vm] = &flow{}
		}
		return flows[vm]
	}
	for host, p := range b.passing {
		for vm := range p.leaving {
			of(vm).source = host
		}
		for vm := range p.entering {
			of(vm).destination = host
		}
	}
	all := make([]flow, 0, len(flows))
	for _, vm := range slices.Sorted(maps.Keys(flows)) {
		all = append(all, *flows[vm])
	}
	return all
}

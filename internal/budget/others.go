package budget

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// othersInterval is how often a run looks which moves others make over a link with a budget.
const othersInterval = 5 * time.Second

// Passage is the VMs, by UUID, that others than this run move from a host and to it.
type Passage struct{ Leaving, Entering map[string]bool }

// CountOthers counts the migrations that other runs and other tools make over the links of a move,
// as look says of a host with a budget, until stop is called.
func (s *Sharer) CountOthers(ctx context.Context, look func(ctx context.Context, host string) (Passage, error)) (stop func()) {
	if s == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(othersInterval)
		defer tick.Stop()
		for {
			s.lookForOthers(ctx, look)
			select {
			case <-tick.C:
			case <-ctx.Done():
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
func (s *Sharer) lookForOthers(ctx context.Context, look func(ctx context.Context, host string) (Passage, error)) {
	var looking sync.WaitGroup
	for _, name := range s.flow.links() { // they stay, what else is in the flow changes under the links' lock
		if s.links.of[name] == 0 {
			continue
		}
		looking.Go(func() {
			if p, err := look(ctx, name); err == nil {
				s.links.see(name, p)
			}
		})
	}
	looking.Wait()
}

// see notes what passes a host with a budget by others. A VM that this run moves, or has moved, is not theirs.
func (l *Links) see(host string, p Passage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, vms := range []map[string]bool{p.Leaving, p.Entering} {
		maps.DeleteFunc(vms, func(vm string, _ bool) bool { return l.mine[vm] })
	}
	l.passing[host] = p
	l.divide()
}

// others are the flows of others, each once.
func (l *Links) others() []flow {
	flows := map[string]*flow{}
	of := func(vm string) *flow {
		if flows[vm] == nil {
			flows[vm] = &flow{}
		}
		return flows[vm]
	}
	for host, p := range l.passing {
		for vm := range p.Leaving {
			of(vm).source = host
		}
		for vm := range p.Entering {
			of(vm).destination = host
		}
	}
	all := make([]flow, 0, len(flows))
	for _, vm := range slices.Sorted(maps.Keys(flows)) {
		all = append(all, *flows[vm])
	}
	return all
}

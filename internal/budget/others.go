package budget

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// othersInterval is how often a run looks which moves others make over a link with a budget.
	othersInterval = time.Second
	// LookAge is how old what a Look says may be.
	LookAge = 500 * time.Millisecond
	// noticed is how long after a move has come all others have seen it, and hold theirs to what is left.
	noticed = othersInterval + LookAge + 1500*time.Millisecond
)

// Passage is the VMs, by UUID, that others than this run move from a host and to it.
type Passage struct{ Leaving, Entering map[string]bool }

// Look says what others move from a host and to it, or did LookAge ago.
type Look func(ctx context.Context, host string) (Passage, error)

// CountOthers counts the migrations that other runs and other tools make over the links of a move,
// until stop is called. The move must be there for others to see: whoever is not seen by the first look
// has come later, and sees the move before it starts itself.
func (s *Sharer) CountOthers(ctx context.Context, look Look) (stop func()) {
	if s == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	links := s.flow.links() // they stay; what else is in the flow changes under the links' lock
	s.looks(1)
	var looking sync.WaitGroup
	looking.Go(func() {
		next, known := time.NewTimer(LookAge), time.NewTimer(noticed)
		defer next.Stop()
		defer known.Stop()
		for {
			select {
			case <-next.C:
				next.Reset(othersInterval)
				s.links.lookForOthers(ctx, links, look)
				s.meet()
			case <-known.C:
				s.becomeKnown()
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		looking.Wait()
		s.looks(-1)
	}
}

// looks counts those who look at the links of a move. What nobody looks at any more is not known.
func (s *Sharer) looks(change int) {
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, link := range s.flow.links() {
		if l.lookers[link] += change; l.lookers[link] == 0 {
			delete(l.passing, link)
		}
	}
	l.divide()
}

// meet notes, once, whom the move meets on its links.
func (s *Sharer) meet() {
	select {
	case <-s.met:
		return
	default:
	}
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	s.elders = map[string]bool{}
	for _, link := range s.flow.links() {
		maps.Copy(s.elders, l.passing[link].Leaving)
		maps.Copy(s.elders, l.passing[link].Entering)
	}
	close(s.met)
	l.divide()
}

// becomeKnown notes that all others have seen the move.
func (s *Sharer) becomeKnown() {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	s.elders = nil
	s.links.divide()
}

// isNewcomer tells whether a move meets others that may not know of it. It has only what they leave.
func (l *Links) isNewcomer(s *Sharer) bool {
	for vm := range s.elders {
		for _, link := range s.flow.links() {
			if p := l.passing[link]; p.Leaving[vm] || p.Entering[vm] {
				return true
			}
		}
	}
	return false
}

// lookForOthers looks once at some links. What a host does not tell stays as it was told before.
func (l *Links) lookForOthers(ctx context.Context, links []string, look Look) {
	var looking sync.WaitGroup
	for _, name := range links {
		if l.of[name] == 0 {
			continue
		}
		looking.Go(func() {
			if p, err := look(ctx, name); err == nil {
				l.see(name, p)
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

package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

const (
	// censusFrom is the VM asked for from which on a run takes a census: a plan of few VMs is
	// not kept waiting for a host's list.
	censusFrom = 4
	// censusAge is how long a census is believed.
	censusAge = 10 * time.Second
	// censusLimit is how long a census may take. A host that starts a domain answers late.
	censusLimit = 5 * time.Second
)

// census is what all hosts say of all their domains, and of their own records, asked for at
// once. A run that looks for many VMs one by one asks each host for each of them instead.
type census struct {
	began time.Time
	done  chan struct{} // closed at its end; nothing below is read before
	hosts []hostCensus
	// levels are of the hosts that answered; latestCensus guards them.
	levels map[string]hostLevels
}

// hostCensus is what one host said.
type hostCensus struct {
	name    string
	domains map[string]host.ListedDomain // by UUID
	names   map[string]string            // UUIDs by name
	err     error
}

// latestCensus is the census that a run believes. It is safe for concurrent use.
type latestCensus struct {
	mu    sync.Mutex
	asked map[string]bool // the first VMs that the run asked for
	last  *census         // perhaps under way
}

// current is the census to believe now; nil while none is worth it. mine is true for the
// caller that has to take it.
func (l *latestCensus) current(now time.Time, vm string) (c *census, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.asked) < censusFrom {
		if l.asked == nil {
			l.asked = map[string]bool{}
		}
		l.asked[vm] = true
	}
	switch {
	case len(l.asked) < censusFrom:
		return nil, false
	case l.last == nil || now.Sub(l.last.began) > censusAge:
		l.last = &census{began: now, done: make(chan struct{})}
		return l.last, true
	}
	return l.last, false
}

// believed tells whether the census was not forgotten while it was waited for.
func (l *latestCensus) believed(c *census) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last == c
}

// forget ends the belief: the run has moved a VM, or nobody could finish the census.
func (l *latestCensus) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = nil
}

// forgetLevels ends the belief in a host's own records: the run changes them.
func (l *latestCensus) forgetLevels(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		return
	}
	select {
	case <-l.last.done:
		delete(l.last.levels, name)
	default:
		l.last = nil // it may have read them already
	}
}

// levelsOf are a host's own records, in the census to believe now.
func (l *latestCensus) levelsOf(name string, now time.Time) (levels hostLevels, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || now.Sub(l.last.began) > censusAge {
		return hostLevels{}, false
	}
	select {
	case <-l.last.done:
		levels, ok = l.last.levels[name]
	default:
	}
	return levels, ok
}

// FindRecent is Find that may be as old as a census. Neither move a VM from where it says
// nor write there: see readToWrite.
func (f *Fleet) FindRecent(ctx context.Context, vm, last string) (Location, error) {
	if l, ok := f.recent(ctx, vm, last); ok {
		return l, nil
	}
	return f.Find(ctx, vm, last)
}

// recent is where the census saw a VM; ok is false where it has to be looked for.
func (f *Fleet) recent(ctx context.Context, vm, last string) (l Location, ok bool) {
	c, mine := f.census.current(time.Now(), vm)
	switch {
	case c == nil:
		return Location{}, false
	case mine:
		f.take(ctx, c)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return Location{}, false
	}
	if !f.census.believed(c) {
		return Location{}, false
	}
	return c.locate(vm, last)
}

// take asks all hosts. What a host does not answer in time is left to those who ask for
// one VM.
func (f *Fleet) take(ctx context.Context, c *census) {
	defer close(c.done)
	limited, cancel := context.WithTimeout(ctx, censusLimit)
	defer cancel()
	c.hosts = make([]hostCensus, len(f.hosts))
	c.levels = make(map[string]hostLevels, len(f.hosts))
	var asking sync.WaitGroup
	var answered sync.Mutex
	for i, h := range f.hosts {
		asking.Go(func() { c.hosts[i] = censusOf(limited, h) })
		asking.Go(func() {
			if levels, err := levelsOf(limited, h); err == nil {
				answered.Lock()
				defer answered.Unlock()
				c.levels[h.Name()] = levels
			}
		})
	}
	asking.Wait()
	if ctx.Err() != nil {
		f.census.forget() // the next that asks takes one
	}
}

func censusOf(ctx context.Context, h *host.Host) hostCensus {
	c := hostCensus{name: h.Name(), domains: map[string]host.ListedDomain{}, names: map[string]string{}}
	var listed []host.ListedDomain
	listed, c.err = h.Domains(ctx)
	for _, d := range listed {
		if _, twice := c.domains[d.UUID]; twice {
			d.Unclear = true
		}
		c.domains[d.UUID], c.names[d.Name] = d, d.UUID
	}
	return c
}

// locate is where a VM is that is seen on one host only, in a state that needs no question,
// where every host has answered. ok is false where it has to be looked for.
func (c *census) locate(vm, last string) (l Location, ok bool) {
	uuid, given := ParseUUID(vm)
	if !given {
		if uuid, ok = c.named(vm); !ok {
			return Location{}, false
		}
	}
	w := migration.Whereabouts{VM: vm}
	for _, h := range c.hosts {
		d, has := h.domains[uuid]
		switch {
		case h.err != nil, has && d.Unclear:
			return Location{}, false
		case has:
			w.Hosts = append(w.Hosts, migration.Observation{Host: h.name, Domain: d.Domain})
		}
	}
	if len(w.Hosts) != 1 {
		return Location{}, false
	}
	l, trusted, err := locate(w, last, nil)
	return l, err == nil && trusted == certain
}

// named is the UUID of the one VM that has exactly this name.
func (c *census) named(name string) (uuid string, ok bool) {
	for _, h := range c.hosts {
		if one, has := h.names[name]; has {
			if ok && one != uuid {
				return "", false
			}
			uuid, ok = one, true
		}
	}
	return uuid, ok
}

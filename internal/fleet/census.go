package fleet

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

const (
	// censusFrom is the question about a VM from which on a run takes a census: a plan of
	// few VMs is not kept waiting for a host's list.
	censusFrom = 4
	// censusAge is how long a census is believed.
	censusAge = 10 * time.Second
	// censusLimit is how long a census may take. A host that starts a domain answers late.
	censusLimit = 5 * time.Second
)

// census is what all hosts say of all their domains, and of their own records, asked for at
// once. A run that looks for many VMs one by one asks each host for each of them instead.
type census struct {
	mu    sync.Mutex
	asked int    // questions about VMs in this run
	last  *count // the latest, perhaps under way
}

// count is one census.
type count struct {
	began  time.Time
	done   chan struct{} // closed at its end; nothing below is read before
	hosts  []hostCount
	levels map[string]hostLevels // of the hosts that answered
}

// hostCount is what one host said.
type hostCount struct {
	name    string
	domains map[string]host.ListedDomain // by UUID
	names   map[string]string            // UUIDs by name
	err     error
}

// forget ends the belief in what was counted: the run itself changes it.
func (c *census) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = nil
}

// current is the census to believe now; nil while none is worth it. mine is true for the
// caller that has to take it.
func (c *census) current(now time.Time) (n *count, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	switch {
	case c.asked < censusFrom:
		return nil, false
	case c.last == nil || now.Sub(c.last.began) > censusAge:
		c.last = &count{began: now, done: make(chan struct{})}
		return c.last, true
	}
	return c.last, false
}

// taken is the census to believe now, if it is taken.
func (c *census) taken(now time.Time) *count {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || now.Sub(c.last.began) > censusAge {
		return nil
	}
	select {
	case <-c.last.done:
		return c.last
	default:
		return nil
	}
}

// counted is the census to believe now, once it is taken; nil while there is none.
func (f *Fleet) counted(ctx context.Context) *count {
	n, mine := f.census.current(time.Now())
	switch {
	case n == nil:
		return nil
	case mine:
		f.take(ctx, n)
	}
	select {
	case <-n.done:
		return n
	case <-ctx.Done():
		return nil
	}
}

// recent is where the census saw a VM; ok is false where it has to be looked for.
func (f *Fleet) recent(ctx context.Context, vm, last string) (l Location, ok bool) {
	if n := f.counted(ctx); n != nil {
		return n.locate(vm, last, f.mayMiss)
	}
	return Location{}, false
}

// recentLevels are the records of a host's own levels as of the census to believe now.
func (f *Fleet) recentLevels(name string) (levels hostLevels, ok bool) {
	n := f.census.taken(time.Now())
	if n == nil {
		return hostLevels{}, false
	}
	levels, ok = n.levels[name]
	return levels, ok
}

// FindRecent is Find that may be as old as a census. Do not move a VM from where it says.
func (f *Fleet) FindRecent(ctx context.Context, vm, last string) (Location, error) {
	if l, ok := f.recent(ctx, vm, last); ok {
		return l, nil
	}
	return f.Find(ctx, vm, last)
}

// take asks all hosts. What a host does not answer in time is left to those who ask for
// one VM.
func (f *Fleet) take(ctx context.Context, n *count) {
	defer close(n.done)
	ctx, cancel := context.WithTimeout(ctx, censusLimit)
	defer cancel()
	n.hosts = make([]hostCount, len(f.hosts))
	n.levels = make(map[string]hostLevels, len(f.hosts))
	var asking sync.WaitGroup
	var answered sync.Mutex
	for i, h := range f.hosts {
		asking.Go(func() { n.hosts[i] = countOn(ctx, h) })
		asking.Go(func() {
			if levels, err := levelsOf(ctx, h); err == nil {
				answered.Lock()
				defer answered.Unlock()
				n.levels[h.Name()] = levels
			}
		})
	}
	asking.Wait()
}

func countOn(ctx context.Context, h *host.Host) hostCount {
	c := hostCount{name: h.Name(), domains: map[string]host.ListedDomain{}, names: map[string]string{}}
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

// locate is where a VM is that is seen on one host only, in a state that needs no question.
// ok is false where it has to be looked for; tolerable tells which silent hosts may be left
// out.
func (n *count) locate(vm, last string, tolerable func(error) bool) (l Location, ok bool) {
	uuid, given := ParseUUID(vm)
	if !given {
		if uuid, ok = n.named(vm); !ok {
			return Location{}, false
		}
	}
	w := migration.Whereabouts{VM: vm}
	seen := 0
	for _, h := range n.hosts {
		d, has := h.domains[uuid]
		o := migration.Observation{Host: h.name, Domain: d.Domain, Err: h.err}
		switch {
		case h.err != nil:
		case !has:
			o.Err = migration.ErrNoDomain
		case d.Unclear:
			return Location{}, false
		default:
			seen++
		}
		w.Hosts = append(w.Hosts, o)
	}
	if seen != 1 {
		return Location{}, false
	}
	unseen, err := unheard(w, tolerable)
	if err != nil {
		return Location{}, false
	}
	l, trusted, err := locate(w, last, unseen)
	return l, err == nil && trusted == certain
}

// named is the UUID of the one VM that has exactly this name.
func (n *count) named(name string) (uuid string, ok bool) {
	for _, h := range n.hosts {
		if one, has := h.names[name]; has {
			if ok && one != uuid {
				return "", false
			}
			uuid, ok = one, true
		}
	}
	return uuid, ok
}

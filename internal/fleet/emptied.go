package fleet

import (
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// emptied are the hosts that this run empties or puts into maintenance, by name: none of them takes VMs, or two that
// are emptied at once would hand theirs to each other. It is safe for concurrent use.
type emptied struct {
	mu sync.Mutex
	// holders is how many say so of a host.
	holders map[string]int
}

func newEmptied() *emptied { return &emptied{holders: map[string]int{}} }

// add notes a host, until that is forgotten.
func (e *emptied) add(host string) (forget func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.holders[host]++
	return sync.OnceFunc(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.holders[host]--; e.holders[host] <= 0 {
			delete(e.holders, host)
		}
	})
}

// open forgets a host that takes VMs again, whoever has noted it.
func (e *emptied) open(host string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.holders, host)
}

// mark marks the hosts of a world.
func (e *emptied) mark(w placement.World) placement.World {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, h := range w.Hosts {
		w.Hosts[i].Emptied = e.holders[h.Name] > 0
	}
	return w
}

// Maintain notes that this run puts a host into maintenance, before it does: no VM is sent there until it is open.
func (f *Fleet) Maintain(name string) { f.emptied.add(name) }

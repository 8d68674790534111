package fleet

import (
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// shunned are the hosts that this run empties or puts into maintenance, by name: none of them takes VMs, or two that
// are emptied at once would hand theirs to each other. It is safe for concurrent use.
type shunned struct {
	mu sync.Mutex
	// holders is how many say so of a host.
	holders map[string]int
}

func newShunned() *shunned { return &shunned{holders: map[string]int{}} }

// add notes a host, until that is forgotten.
func (s *shunned) add(host string) (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holders[host]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.holders[host]--; s.holders[host] <= 0 {
			delete(s.holders, host)
		}
	})
}

// open forgets a host that takes VMs again, whoever has noted it.
func (s *shunned) open(host string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.holders, host)
}

// mark marks the hosts of a world.
func (s *shunned) mark(w placement.World) placement.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, h := range w.Hosts {
		w.Hosts[i].Emptied = s.holders[h.Name] > 0
	}
	return w
}

// Maintain notes that this run puts a host into maintenance, before it does: no VM is sent there until it is open.
func (f *Fleet) Maintain(name string) { f.shunned.add(name) }

package fleet

import (
	"maps"
	"sync"
)

// promises are the destinations that this run has chosen, by the UUID of the VM: the next
// choice counts the VM there, too, or all of them would go to one host.
type promises struct {
	choosing sync.Mutex // held from the first question to the promise
	mu       sync.Mutex
	hosts    map[string]string
}

// promise notes the destination of a VM, instead of what was promised to it before.
func (p *promises) promise(uuid, host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hosts == nil {
		p.hosts = map[string]string{}
	}
	p.hosts[uuid] = host
}

// forget takes a promise back.
func (p *promises) forget(uuid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.hosts, uuid)
}

// others are the promises to other VMs than one.
func (p *promises) others(uuid string) map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	others := maps.Clone(p.hosts)
	delete(others, uuid)
	return others
}

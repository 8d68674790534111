package fleet

import (
	"context"
	"maps"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// promise is a host that a VM will take memory of.
type promise struct {
	host string
	// off is what a VM takes there once it has started; nil for one that runs already.
	off *placement.VM
}

// promises are what this run has promised to VMs, by their UUIDs: the next choice counts the VM there, too, or all of
// them would go to one host.
type promises struct {
	// choosing is full from the first question of a choice to its promise, so that no two see the same room.
	choosing chan struct{}

	mu  sync.Mutex
	all map[string]*kept
}

// kept is a promise that is kept for as long as somebody holds it. What a plan has promised is held by nobody, and
// goes with the next move of the VM.
type kept struct {
	promise
	holders int
}

func newPromises() *promises {
	return &promises{choosing: make(chan struct{}, 1), all: map[string]*kept{}}
}

// alone waits until nobody else chooses. The error is the context's.
func (p *promises) alone(ctx context.Context) (release func(), err error) {
	select {
	case p.choosing <- struct{}{}:
		return func() { <-p.choosing }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// plan notes what a plan would promise.
func (p *promises) plan(uuid string, to promise) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to(uuid, to)
}

// keep keeps a promise, instead of what was promised to the VM before, until all who keep one to it have forgotten it.
func (p *promises) keep(uuid string, to promise) (forget func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.to(uuid, to)
	k.holders++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if k.holders--; k.holders <= 0 && p.all[uuid] == k {
			delete(p.all, uuid)
		}
	})
}

// to changes the promise to a VM.
func (p *promises) to(uuid string, to promise) *kept {
	k := p.all[uuid]
	if k == nil {
		k = &kept{}
		p.all[uuid] = k
	}
	k.promise = to
	return k
}

// retract takes back what was promised to a VM, whoever keeps it.
func (p *promises) retract(uuid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, uuid)
}

// toOthers are the promises to other VMs than one.
func (p *promises) toOthers(uuid string) map[string]promise {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Collect(func(yield func(string, promise) bool) {
		for other, k := range p.all {
			if other != uuid && !yield(other, k.promise) {
				return
			}
		}
	})
}

package host

import "sync"

// aborts are the peer-to-peer migrations that this process waits for, and which
// of them it had aborted: libvirt does not always say so itself.
type aborts struct {
	mu      sync.Mutex
	running map[string]bool // by UUID; true when aborted
}

func (a *aborts) begin(uuid string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil {
		a.running = map[string]bool{}
	}
	a.running[uuid] = false
}

// note says whether the domain's job is being aborted.
func (a *aborts) note(uuid string, aborted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, found := a.running[uuid]; found {
		a.running[uuid] = aborted
	}
}

// end tells whether the migration was aborted.
func (a *aborts) end(uuid string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	aborted := a.running[uuid]
	delete(a.running, uuid)
	return aborted
}

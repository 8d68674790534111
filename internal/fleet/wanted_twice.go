package fleet

import (
	"fmt"
	"slices"
	"sync"
)

// Wanted is where a VM is wanted: on a host, or on any of the candidates.
type Wanted struct {
	Host  string
	Among Candidates
}

func (w Wanted) equal(other Wanted) bool {
	return w.Host == other.Host && w.Among.Cluster == other.Among.Cluster && slices.Equal(w.Among.Hosts, other.Among.Hosts)
}

// placements remembers where each VM is wanted, by its UUID.
type placements struct {
	mu     sync.Mutex
	wanted map[string]Wanted
}

// WantedTwiceError is a VM that is wanted in two places at a time.
type WantedTwiceError struct {
	UUID string
	// Here is what was asked for now, There what was before.
	Here, There Wanted
}

func (e *WantedTwiceError) Error() string {
	return fmt.Sprintf("VM %s is wanted on %v, and on %v", e.UUID, e.Here, e.There)
}

// Want notes where a VM is wanted. The error is a *WantedTwiceError when it was wanted in
// another place before.
func (f *Fleet) Want(uuid string, where Wanted) error {
	f.placements.mu.Lock()
	defer f.placements.mu.Unlock()
	if before, ok := f.placements.wanted[uuid]; ok && !before.equal(where) {
		return &WantedTwiceError{UUID: uuid, Here: where, There: before}
	}
	f.placements.wanted[uuid] = where
	return nil
}

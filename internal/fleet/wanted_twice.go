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

// wishes are where VMs are wanted, by their UUIDs. They are safe for concurrent use.
type wishes struct {
	mu sync.Mutex
	of map[string]Wanted
}

// WantedTwiceError is a VM that is wanted on two hosts at a time, or on candidates that are not the same.
type WantedTwiceError struct {
	UUID string
	// Here is what was asked for now, There what was before.
	Here, There Wanted
}

func (e *WantedTwiceError) Error() string {
	return fmt.Sprintf("VM %s is wanted on %v, and on %v", e.UUID, e.Here, e.There)
}

// Want notes where a VM is wanted. The error is a *WantedTwiceError when it was wanted
// elsewhere before.
func (f *Fleet) Want(uuid string, where Wanted) error {
	f.wishes.mu.Lock()
	defer f.wishes.mu.Unlock()
	if before, ok := f.wishes.of[uuid]; ok && !before.equal(where) {
		return &WantedTwiceError{UUID: uuid, Here: where, There: before}
	}
	f.wishes.of[uuid] = where
	return nil
}

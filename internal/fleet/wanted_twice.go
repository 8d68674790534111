package fleet

import (
	"fmt"
	"sync"
)

// placements remembers which host each VM is wanted on, by its UUID.
type placements struct {
	mu     sync.Mutex
	wanted map[string]string
}

// WantedTwiceError is a VM that is wanted on two hosts at a time.
type WantedTwiceError struct {
	UUID string
	// Here is the host that was asked for now, There the one before.
	Here, There string
}

func (e *WantedTwiceError) Error() string {
	return fmt.Sprintf("VM %s is wanted on %s, and on %s", e.UUID, e.Here, e.There)
}

// Want notes that a VM is wanted on a host. The error is a *WantedTwiceError when
// it was wanted on another one before.
func (f *Fleet) Want(uuid, destination string) error {
	f.placements.mu.Lock()
	defer f.placements.mu.Unlock()
	if before, ok := f.placements.wanted[uuid]; ok && before != destination {
		return &WantedTwiceError{UUID: uuid, Here: destination, There: before}
	}
	f.placements.wanted[uuid] = destination
	return nil
}

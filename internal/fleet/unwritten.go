package fleet

import (
	"context"
	"fmt"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// UnwrittenError is a VM that was moved, and whose history does not say so: the end of the maintenance does not bring
// it back.
type UnwrittenError struct {
	// Location is where the VM is, and From the host that it has left. Seen is true where its host has said since how it
	// is.
	Location Location
	Seen     bool
	From     string
	Err      error
}

func (e *UnwrittenError) Error() string {
	return fmt.Sprintf("VM %s has moved from %s to %s, but its history does not have the move: %v",
		e.Location.Domain.Name, e.From, e.Location.Host, e.Err)
}

func (e *UnwrittenError) Unwrap() error { return e.Err }

// unwritten are VMs that were moved while their histories could not be written. It is safe for concurrent use.
type unwritten struct {
	mu  sync.Mutex
	all []unwrittenMove
}

// unwrittenMove is one of them, with the entry that its history lacks.
type unwrittenMove struct {
	vm    evacuation.VM
	entry history.Entry
	err   error
}

// note notes how a move has ended; true where its history does not say it.
func (u *unwritten) note(vm evacuation.VM, moved Moved) bool {
	if moved.HistoryErr == nil || moved.Entry.ID == "" {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all = append(u.all, unwrittenMove{vm, moved.Entry, moved.HistoryErr})
	return true
}

// write writes once more what the histories lack, where the VMs are now, also where the context has ended. What cannot
// be written is a failure of its VM.
func (u *unwritten) write(ctx context.Context, write func(context.Context, unwrittenMove) error) []VMFailure {
	u.mu.Lock()
	defer u.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	var failures []VMFailure
	for i, err := range each(u.all, func(m unwrittenMove) error { return write(ctx, m) }) {
		if err != nil {
			failures = append(failures, VMFailure{u.all[i].vm, err})
		}
	}
	u.all = nil
	return failures
}

// writeMove writes the entry of a move into the history of its VM, unless that has gone on since: then nobody brings it
// back anyway. The error is an *UnwrittenError.
func (f *Fleet) writeMove(ctx context.Context, m unwrittenMove) error {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	location, err := f.FindUUID(ctx, m.vm.UUID, m.entry.To.Label)
	if err != nil {
		there := Location{Host: m.entry.To.Label}
		there.Domain.UUID, there.Domain.Name = m.vm.UUID, m.vm.Name
		return &UnwrittenError{Location: there, From: m.vm.Host, Err: err}
	}
	if location.Host != m.entry.To.Label {
		return nil
	}
	h, err := f.host(location.Host)
	if err == nil {
		err = h.UpdateDomainHistory(ctx, m.vm.UUID, changeHistory(func(past *history.History) bool {
			past.Remove(m.entry.ID)
			past.Add(m.entry)
			return true
		}))
	}
	if err != nil {
		return &UnwrittenError{Location: location, Seen: true, From: m.vm.Host, Err: err}
	}
	return nil
}

package migration

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"sync"
)

// checkGuest looks whether the destination can run the guest.
func (a *Assessment) checkGuest(ctx context.Context, r Request) {
	definition, err := ask(ctx, callDeadline, func(ctx context.Context) (string, error) { return r.Source.DomainXML(ctx, r.UUID) })
	if err != nil {
		a.add(Finding{Check: CheckCPU, Host: r.Source.Name(), Warning: true, Err: err, Detail: fmt.Sprintf(
			"The definition of VM %s can not be read there, so its CPU can not be compared: %s.", r.Name, err)})
		return
	}
	var incompatible error
	var memory Memory
	var memoryError error
	var both sync.WaitGroup
	both.Go(func() {
		incompatible = order(ctx, callDeadline, func(ctx context.Context) error { return r.Destination.CompareCPU(ctx, definition) })
	})
	both.Go(func() { memory, memoryError = ask(ctx, callDeadline, r.Destination.Memory) })
	both.Wait()
	a.checkCPU(r, incompatible)
	if !hugePages(definition) { // those come from a pool of their own
		a.checkMemory(r, memory, memoryError)
	}
}

func (a *Assessment) checkCPU(r Request, err error) {
	f := Finding{Check: CheckCPU, Host: r.Destination.Name(), Err: err}
	var incompatible *CPUError
	switch {
	case err == nil:
		return
	case errors.As(err, &incompatible):
		f.Lasting = true
		f.Detail = fmt.Sprintf("%s can not run the CPU of VM %s: %s.", r.Destination.Name(), r.Name, incompatible.Reason)
	default:
		f.Warning = true
		f.Detail = fmt.Sprintf("Whether it can run the CPU of VM %s is not known: %s.", r.Name, err)
	}
	a.add(f)
}

func (a *Assessment) checkMemory(r Request, memory Memory, err error) {
	need := a.source.Domain.MemoryBytes
	f := Finding{Check: CheckMemory, Host: r.Destination.Name(), Err: err}
	switch {
	case err != nil:
		f.Warning = true
		f.Detail = fmt.Sprintf("How much memory is free there is not known: %s.", err)
	case memory.Total < need:
		f.Lasting = true
		f.Detail = fmt.Sprintf("VM %s may use %s, and %s has %s in all.", r.Name, bytes(need), r.Destination.Name(), bytes(memory.Total))
	case memory.Available < need:
		f.Warning = true
		f.Detail = fmt.Sprintf("VM %s may use %s, and %s has %s available (free, buffers and cache): it may swap, or run out.",
			r.Name, bytes(need), r.Destination.Name(), bytes(memory.Available))
	default:
		return
	}
	a.add(f)
}

// hugePages tells whether a domain's memory is backed by huge pages, which the
// host keeps apart from its free memory. A definition that can not be parsed is
// for libvirt to refuse.
func hugePages(definition string) bool {
	var domain struct {
		HugePages *struct{} `xml:"memoryBacking>hugepages"`
	}
	return xml.Unmarshal([]byte(definition), &domain) == nil && domain.HugePages != nil
}

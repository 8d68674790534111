package migration

import (
	"context"
	"encoding/xml"
	"errors"
	"sync"
)

// checkGuest checks whether the destination can run the guest.
func (a *Assessment) checkGuest(ctx context.Context, r Request) {
	definition, err := ask(ctx, callDeadline, func(ctx context.Context) (string, error) { return r.Source.DomainXML(ctx, r.UUID) })
	if err != nil {
		a.add(Finding{Check: CheckCPU, Problem: DefinitionUnread, Host: r.Source.Name(), Warning: true, Err: err})
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
		f.Problem, f.Lasting, f.Reason = CPUMissing, true, incompatible.Reason
	default:
		f.Problem, f.Warning = CPUUnknown, true
	}
	a.add(f)
}

func (a *Assessment) checkMemory(r Request, memory Memory, err error) {
	need := a.source.Domain.MemoryBytes
	f := Finding{Check: CheckMemory, Host: r.Destination.Name(), Err: err}
	switch {
	case err != nil:
		f.Problem, f.Warning = MemoryUnknown, true
	case memory.Total < need:
		f.Problem, f.Lasting, f.Need, f.Have = MemoryTooSmall, true, need, memory.Total
	case memory.Available < need:
		f.Problem, f.Warning, f.Need, f.Have = MemoryShort, true, need, memory.Available
	default:
		return
	}
	a.add(f)
}

// hugePages tells whether a domain's memory is backed by huge pages, which the
// host keeps apart from its free memory. A definition that cannot be parsed is left
// for libvirt to refuse.
func hugePages(definition string) bool {
	var domain struct {
		HugePages *struct{} `xml:"memoryBacking>hugepages"`
	}
	return xml.Unmarshal([]byte(definition), &domain) == nil && domain.HugePages != nil
}

package fleet

import (
	"context"
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// places are the stations of all hosts, by name, for the moves of one run.
type places struct {
	run     string
	out, in map[string]*station
}

func newPlaces[K keeper](run string, hosts []K, limits *slots) places {
	p := places{run, map[string]*station{}, map[string]*station{}}
	for _, h := range hosts {
		p.out[h.Name()] = newStation(h, lease.Out, limits.maxOutgoing)
		p.in[h.Name()] = newStation(h, lease.In, limits.limitIncoming(h.Name()))
		p.in[h.Name()].port = limits.ports[h.Name()]
	}
	return p
}

// between is the placing of a VM's move.
func (p places) between(d migration.Domain, t trip) *placing {
	return newPlacing(lease.Holder{VM: d.UUID, Name: d.Name, Run: p.run}, p.out[t.source], p.in[t.destination])
}

// UnleasedError is a host that keeps no leases: only the migrations that run there are counted, not those that other
// runs are about to start.
type UnleasedError struct {
	Host string
	Err  error
}

func (e *UnleasedError) Error() string { return fmt.Sprintf("%s keeps no leases: %v", e.Host, e.Err) }

func (e *UnleasedError) Unwrap() error { return e.Err }

// enter waits until a move may begin: until no other one of the VM is under way, in this run or another, and both hosts
// have a place for it. The move of a definition sends nothing, and takes no place on hosts. waited is true where
// something was in the way. leave gives all of it back.
func (f *Fleet) enter(
	ctx context.Context, m Move, from Location, report func(Progress),
) (p *placing, leave func(), waited bool, err error) {
	t := trip{from.Domain.UUID, from.source(m.Destination), m.Destination}
	p = f.places.between(from.Domain, t)
	claim := p.claim
	if m.MovesDefinition(from) {
		claim = func(context.Context) (Wait, error) { return Wait{}, nil }
	}
	progress := Progress{Progress: migration.Progress{Subject: migration.Subject{
		UUID: from.Domain.UUID, Name: from.Domain.Name, Source: t.source, Destination: t.destination,
	}}}
	release, err := f.slots.acquireWith(ctx, t, claim, func(wait Wait) {
		waited = true
		waiting := progress
		waiting.Waiting = wait
		report(waiting)
	})
	if err != nil {
		p.end(ctx)
		return nil, nil, waited, err
	}
	if progress.Unleased = p.unleased(); len(progress.Unleased) > 0 {
		progress.Phase = migration.PhaseStarting
		report(progress)
	}
	return p, func() {
		p.end(ctx)
		release()
	}, waited, nil
}

// unleased are the hosts that answer, and keep no leases.
func (p *placing) unleased() []error {
	var errs []error
	for _, at := range p.posts {
		if at.unleased != nil && !errors.Is(at.unleased, migration.ErrUnreachable) {
			errs = append(errs, &UnleasedError{at.Name(), at.unleased})
		}
	}
	return errs
}

package places

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Limits are how many migrations may leave and enter a host at a time.
type Limits struct {
	Outgoing, Incoming int
	// Ports are the fixed ports that memory comes in on, by host. QEMU listens on one for
	// one migration, so a host that has one receives one VM at a time.
	Ports map[string]uint16
}

// Into is how many migrations may enter a host at a time.
func (l Limits) Into(host string) int {
	if l.Ports[host] != 0 {
		return 1
	}
	return l.Incoming
}

// Places are those of the moves of one run on all its hosts. They are safe for concurrent use.
type Places struct {
	Limits

	run     string
	process lease.Process
	slots   *slots
	out, in map[string]*station // by the host's name
}

// New are the places of a run, which is named in its leases.
func New[H Host](run string, hosts []H, limits Limits) *Places {
	p := &Places{limits, run, ThisProcess(), newSlots(limits), map[string]*station{}, map[string]*station{}}
	for _, h := range hosts {
		p.out[h.Name()] = newStation(h, lease.Out, limits.Outgoing)
		p.in[h.Name()] = newStation(h, lease.In, limits.Into(h.Name()))
		p.in[h.Name()].port = limits.Ports[h.Name()]
	}
	return p
}

// Enter waits until a move of a VM may begin: until no other one of the VM is under way, in this run or another, and
// both hosts have a place for it. It calls waiting with what it waits for, whenever that changes. The place is to be
// left when the move has ended. The error is the context's, ErrDraining or an *UnclearError.
func (p *Places) Enter(ctx context.Context, m migration.Subject, waiting func(Wait)) (*Place, error) {
	holder := lease.Holder{VM: m.UUID, Name: m.Name, Run: p.run, Process: p.process}
	place := newPlace(holder, p.out[m.Source], p.in[m.Destination])
	var err error
	if place.release, err = p.slots.acquireWith(ctx, m, place.claim, waiting); err != nil {
		place.end(ctx)
		return nil, err
	}
	return place, nil
}

// EnterRun is Enter for a move that takes no place on the hosts: it waits for those of this run alone.
func (p *Places) EnterRun(ctx context.Context, m migration.Subject, waiting func(Wait)) (*Place, error) {
	release, err := p.slots.acquire(ctx, m, waiting)
	if err != nil {
		return nil, err
	}
	return &Place{release: release}, nil
}

// Turn waits for a move's turn among the starts on its source. The move starts at once when it returns, so its checks
// come before. The error is the context's, or ErrDraining.
func (p *Places) Turn(ctx context.Context, source string) error { return p.slots.turn(ctx, source) }

// Drain lets the moves go on that have their turn, and starts no more: one that waits, or comes later, fails with
// ErrDraining.
func (p *Places) Drain() { p.slots.drain() }

// Open is ErrDraining after Drain.
func (p *Places) Open() error { return p.slots.open() }

// Look is what a host says of the migrations in one direction, now or just now. The error is the context's, or why the
// host does not say which leases there are.
func (p *Places) Look(ctx context.Context, host string, d lease.Direction) (lease.Side, error) {
	seen, err := p.station(host, d).look(ctx)
	return seen.Side, cmp.Or(err, seen.unclear)
}

// LookAgain is Look where what was said just now may be too old.
func (p *Places) LookAgain(ctx context.Context, host string, d lease.Direction) (lease.Side, error) {
	seen, err := p.station(host, d).ask(ctx, func() error { return nil })
	return seen.Side, cmp.Or(err, seen.unclear)
}

func (p *Places) station(host string, d lease.Direction) *station {
	if d == lease.In {
		return p.in[host]
	}
	return p.out[host]
}

// each asks all at once.
func each[H, T any](hosts []H, ask func(H) T) []T {
	answers := make([]T, len(hosts))
	var asking sync.WaitGroup
	for i, h := range hosts {
		asking.Go(func() { answers[i] = ask(h) })
	}
	asking.Wait()
	return answers
}

// wait lets time pass, unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

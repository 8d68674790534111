package places

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// placePoll is how often a move that waits for a place on a host asks for it: nothing tells when another run leaves
// one.
const placePoll = time.Second

// answerWithin is how long a host may take to say whether there is a place: as long as a restart of its daemon lasts,
// and longer than a lease of which it is not known whether it was taken.
const answerWithin = 2 * lease.Life

// Place is that of one move on its two hosts: the leases that it has there, and those by which it waits. A goroutine
// renews them until end.
type Place struct {
	release func() // gives back the slots of this run
	holder  lease.Holder
	posts   []*post   // at the source and at the destination; none where it takes no place on hosts
	asked   bool      // whether a place was not to be had once: from then on it looks before it claims
	unclear time.Time // since when a host has not said whether there is a place; zero where both have

	stop    context.CancelFunc // of the goroutine
	renewer sync.WaitGroup

	mu      sync.Mutex
	renewed time.Time // when all leases held for certain
	lost    error     // why they may not hold; nil where they do
	// gap is true where they were not renewed for so long that another run may have ended them meanwhile.
	gap bool
}

// post is one of the two hosts.
type post struct {
	*station

	// full and kept are what a move waits for there.
	full, kept Kind
	turn       *lease.Ticket // nil where it has not waited
	// unleased is why the host keeps no leases, and unclear why it has not said whether there is a place.
	unleased, unclear error

	// held is full while leases are renewed or ended, so that none is renewed that has ended.
	held chan struct{}
	// place is the lease of the place, and ticket that of the turn; nil where it has none.
	place, ticket *host.Lease
}

// newPlace is that of a VM's move from one station to another.
func newPlace(holder lease.Holder, source, destination *station) *Place {
	return &Place{holder: holder, posts: []*post{
		{station: source, full: FullSource, kept: KeptSource, held: make(chan struct{}, 1)},
		{station: destination, full: FullDestination, kept: KeptDestination, held: make(chan struct{}, 1)},
	}}
}

// claim takes a place on both hosts, or says what is in the way. A move that had to wait looks first. The error is the
// context's, or an *UnclearError.
func (p *Place) claim(ctx context.Context) (Wait, error) {
	began := time.Now()
	wait, err := p.ask(ctx)
	switch {
	case wait.Kind != Unclear:
		p.unclear = time.Time{}
	case p.unclear.IsZero():
		p.unclear = began
	case time.Since(p.unclear) >= answerWithin:
		return Wait{}, &UnclearError{wait.Host, wait.Err}
	}
	return wait, err
}

// ask is claim, however long a host has not answered.
func (p *Place) ask(ctx context.Context) (Wait, error) {
	if p.asked {
		sights, err := p.both(func(at *post) (sight, error) { return at.look(ctx) })
		if err != nil {
			return Wait{}, err
		}
		if wait := p.waits(sights); wait.Kind != NoWait {
			return wait, p.queue(ctx, sights)
		}
	}
	began := time.Now()
	sights, err := p.both(func(at *post) (sight, error) { return at.claim(ctx, p.holder) })
	if err != nil {
		p.leave(ctx, true, false)
		return Wait{}, err
	}
	p.had(began)
	wait := p.waits(sights)
	if wait.Kind == NoWait {
		p.leave(ctx, false, true)
		p.keep(ctx)
		return Wait{}, nil
	}
	p.asked = true
	p.leave(ctx, true, false)
	return wait, p.queue(ctx, sights)
}

// both asks both hosts at once.
func (p *Place) both(ask func(*post) (sight, error)) (sights [2]sight, err error) {
	type answer struct {
		sight sight
		err   error
	}
	for i, a := range each(p.posts, func(at *post) answer {
		seen, err := ask(at)
		return answer{seen, err}
	}) {
		sights[i], err = a.sight, cmp.Or(err, a.err)
	}
	return sights, err
}

// claim leases a place for a holder, if there is one. Where the host has leases but none to give, it is full.
func (at *post) claim(ctx context.Context, holder lease.Holder) (sight, error) {
	place, seen, err := at.station.claim(ctx, holder)
	at.held <- struct{}{}
	defer func() { <-at.held }()
	at.place, at.unleased, at.unclear = place, seen.unleased, seen.unclear
	seen.refused = place == nil && cmp.Or(seen.unleased, seen.unclear) == nil
	return seen, err
}

// waits is what is in the way, of what the hosts say.
func (p *Place) waits(sights [2]sight) Wait {
	for i, at := range p.posts {
		if wait := p.waitsAt(at, sights[i]); wait.Kind != NoWait {
			return wait
		}
	}
	return Wait{}
}

func (p *Place) waitsAt(at *post, seen sight) Wait {
	if _, runs := seen.Running[p.holder.VM]; seen.unclear != nil && !runs && (p.asked || !isUnreached(seen.unclear)) {
		return Wait{Kind: Unclear, Host: at.Name(), Err: seen.unclear}
	}
	wait := Wait{Host: at.Name(), Limit: at.limit, Port: at.port}
	var holders []lease.Holder
	switch p.obstacle(at, seen) {
	case lease.None:
		return Wait{}
	case lease.Moving:
		wait = Wait{Kind: OtherMove}
		for _, place := range seen.Places {
			if place.Holder.VM == p.holder.VM && place.Holder.Run != p.holder.Run {
				holders = []lease.Holder{place.Holder}
			}
		}
	case lease.Full:
		wait.Kind, holders = at.full, seen.Holders(p.holder.VM)
	case lease.Kept:
		wait.Kind, holders = at.kept, []lease.Holder{seen.First(p.holder.VM)}
	}
	for _, h := range holders {
		wait.Holders = append(wait.Holders, Holder{VM: h.VM, Name: h.Name, Run: h.Run, Own: h.Run == p.holder.Run})
	}
	return wait
}

// obstacle is what is in the way on one host.
func (p *Place) obstacle(at *post, seen sight) lease.Obstacle {
	obstacle := seen.Obstacle(p.holder.VM, p.holder.Run, at.turn)
	if _, runs := seen.Running[p.holder.VM]; obstacle == lease.None && seen.refused && !runs {
		return lease.Full
	}
	return obstacle
}

// isUnreached tells whether a host cannot be reached at all. A move that has just come is not kept waiting for it: the
// checks before the start refuse it with all that is known, and should they reach it, Confirm refuses.
func isUnreached(err error) bool {
	return errors.Is(err, migration.ErrUnreachable) && errors.Is(err, migration.ErrUnsent)
}

// queue draws a ticket on each host that has no place for the move, and renews it while it waits.
func (p *Place) queue(ctx context.Context, sights [2]sight) error {
	var drawn *lease.Ticket
	number := 1
	for i, at := range p.posts {
		number = max(number, sights[i].Last()+1)
		if at.turn != nil {
			drawn = at.turn
		}
	}
	if drawn == nil {
		drawn = &lease.Ticket{Number: number, VM: p.holder.VM}
	}
	for i, at := range p.posts {
		obstacle := p.obstacle(at, sights[i])
		keeps := cmp.Or(sights[i].unleased, sights[i].unclear) == nil
		if at.ticket != nil || !keeps || obstacle != lease.Full && obstacle != lease.Kept {
			continue
		}
		ticket, err := at.take(ctx, lease.TicketName(at.direction, *drawn), p.holder)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err == nil { // else it waits without a turn, and draws one when it looks again
			at.held <- struct{}{}
			at.ticket, at.turn = ticket, drawn
			<-at.held
		}
	}
	p.keep(ctx)
	return nil
}

// keep renews the leases from now on.
func (p *Place) keep(ctx context.Context) {
	if p.stop != nil {
		return
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	p.renewer.Go(func() {
		for wait(ctx, lease.Renewal) == nil {
			p.renew(ctx)
		}
	})
}

// renew renews all leases once, also where the context ends meanwhile: a call that was given up could still take effect
// after the lease has ended.
func (p *Place) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.Renewal)
	defer cancel()
	began := time.Now()
	p.hold(began, cmp.Or(each(p.posts, func(at *post) error { return at.renew(ctx, p.holder) })...))
}

// had notes that all leases were taken after a time.
func (p *Place) had(at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.renewed, p.lost, p.gap = at, nil, false
}

// hold notes that the leases held at a time, or why they may not.
func (p *Place) hold(at time.Time, lost error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost = lost; lost == nil {
		p.gap = p.gap || !p.renewed.IsZero() && at.Sub(p.renewed) >= lease.Life/2
		p.renewed = at
	}
}

// Confirm makes sure, right before the start, that the move still has its places: a run that was stopped for a while,
// or had no answer from a host, renews them first, and counts again where another run may have taken them over
// meanwhile. The error is the context's, a *LostError, or an *UnclearError of a host that could not be reached when
// the move asked for its place.
func (p *Place) Confirm(ctx context.Context) error {
	for _, at := range p.posts {
		if at.unclear != nil {
			return &UnclearError{at.Name(), at.unclear}
		}
	}
	if fresh, gap, _ := p.held(); fresh && !gap {
		return nil
	}
	p.renew(ctx)
	_, gap, lost := p.held()
	if lost != nil || !gap {
		return lost
	}
	return p.count(ctx)
}

// held tells whether the leases held just now, whether somebody else may have had the places since they were taken, and
// why they may not hold.
func (p *Place) held() (fresh, gap bool, lost error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(p.renewed) < lease.Life/2, p.gap, p.lost
}

// count counts again, beside the leases that the move has, what is in its way.
func (p *Place) count(ctx context.Context) error {
	sights, err := p.both(func(at *post) (sight, error) { return at.ask(ctx, func() error { return nil }) })
	if err != nil {
		return err
	}
	for i, at := range p.posts {
		switch wait := p.waitsAt(at, sights[i]); wait.Kind {
		case NoWait:
		case Unclear:
			return &UnclearError{at.Name(), wait.Err}
		default:
			return &LostError{at.Name(), host.ErrLeaseTaken}
		}
	}
	return nil
}

// Unleased are the hosts that keep no leases: an *UnleasedError each.
func (p *Place) Unleased() []error {
	var errs []error
	for _, at := range p.posts {
		if at.unleased != nil {
			errs = append(errs, &UnleasedError{at.Name(), at.unleased})
		}
	}
	return errs
}

// Leave gives all of it back, also where the context has ended.
func (p *Place) Leave(ctx context.Context) {
	p.end(ctx)
	p.release()
}

// leave ends the leases of the places, the tickets, or both, also where the context has ended.
func (p *Place) leave(ctx context.Context, places, tickets bool) {
	each(p.posts, func(at *post) struct{} {
		at.held <- struct{}{}
		defer func() { <-at.held }()
		if places && at.place != nil {
			at.end(ctx, *at.place)
			at.place = nil
		}
		if tickets && at.ticket != nil {
			at.end(ctx, *at.ticket)
			at.ticket = nil
		}
		return struct{}{}
	})
}

// end ends all leases, and waits for that.
func (p *Place) end(ctx context.Context) {
	if p.stop != nil {
		p.stop()
	}
	p.renewer.Wait()
	p.leave(ctx, true, true)
}

// renew renews the leases on one host. The error is a *LostError.
func (at *post) renew(ctx context.Context, holder lease.Holder) error {
	at.held <- struct{}{}
	defer func() { <-at.held }()
	for _, l := range []*host.Lease{at.place, at.ticket} {
		if l == nil {
			continue
		}
		if err := at.hold(ctx, *l, holder); err != nil {
			return &LostError{Host: at.Name(), Err: err}
		}
	}
	return nil
}

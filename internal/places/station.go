package places

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// Host is a host as far as the places of migrations go.
type Host interface {
	Name() string
	TakeLease(ctx context.Context, l host.Lease, description string) error
	Leases(ctx context.Context) ([]host.Lease, error)
	LeaseDescription(ctx context.Context, l host.Lease) (*string, error)
	EndLease(ctx context.Context, l host.Lease) error
	Incoming(ctx context.Context) (map[string]string, error)
	Outgoing(ctx context.Context, skip map[string]bool) (outgoing map[string]string, mute []string, err error)
}

const (
	// countLimit is how long the domains of a host may take to say that they are being migrated. It is for migrations
	// that others have started: those of this provider are leased.
	countLimit = 3 * time.Second
	// muteFor is how long a domain is not asked that did not answer: each question keeps the daemon waiting.
	muteFor = time.Minute
)

// station is one host and direction, with what this run knows of it. It is safe for concurrent use.
type station struct {
	Host

	direction lease.Direction
	limit     int
	port      uint16 // the fixed one that memory comes in on, because of which the limit is 1; else 0

	mu        sync.Mutex
	sightings lease.Sightings
	mine      map[int]bool            // places that this run has leased, or is leasing
	own       map[string]lease.Holder // the leases of this run, by UUID
	mute      map[string]time.Time    // domains that did not answer, by UUID
	seen      sight                   // by the last look
	at        time.Time               // of that
	looking   chan struct{}           // held by who looks
}

func newStation(h Host, d lease.Direction, limit int) *station {
	return &station{
		Host: h, direction: d, limit: limit,
		mine: map[int]bool{}, own: map[string]lease.Holder{}, mute: map[string]time.Time{}, looking: make(chan struct{}, 1),
	}
}

// sight is what a station has seen.
type sight struct {
	lease.Side

	// unleased is why its host keeps no leases; nil where it does.
	unleased error
	// unclear is why it has not said what leases there are, or whether one was had; nil where it has.
	unclear error
	// refused is true where a place was wanted and no lease was to be had.
	refused bool
}

// look asks the host, unless somebody else of this run has asked it just now.
func (s *station) look(ctx context.Context) (sight, error) {
	select {
	case s.looking <- struct{}{}:
	case <-ctx.Done():
		return sight{}, context.Cause(ctx)
	}
	defer func() { <-s.looking }()
	s.mu.Lock()
	if time.Since(s.at) < placePoll/2 {
		defer s.mu.Unlock()
		return s.seen, nil
	}
	s.mu.Unlock()
	at := time.Now()
	seen, err := s.ask(ctx, func() error { return nil })
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen, s.at = seen, at
	}
	return seen, err
}

// claim leases a place for a holder, and says what the host says then: whether the place can be had is for the caller
// to see. Nobody who takes one later can miss it. place is nil where no lease is free, or the host keeps none.
func (s *station) claim(ctx context.Context, holder lease.Holder) (place *host.Lease, seen sight, err error) {
	seen, err = s.ask(ctx, func() error {
		var err error
		place, err = s.lease(ctx, holder)
		return err
	})
	if err != nil && place != nil {
		s.end(ctx, *place)
		place = nil
	}
	return place, seen, err
}

// ask counts the migrations that run and, once first is done, the leases: in two calls one after the other where nobody
// else has a lease. The error is the context's.
func (s *station) ask(ctx context.Context, first func() error) (sight, error) {
	seen := sight{Side: lease.Side{Limit: s.limit}}
	var counting sync.WaitGroup
	var running map[string]string
	counting.Go(func() { running = s.running(ctx) })
	err := first()
	if err == nil {
		err = s.read(ctx, &seen.Side)
	}
	if host.KeepsNoLeases(err) {
		seen.unleased = err
	} else {
		seen.unclear = err
	}
	counting.Wait()
	seen.Running = running
	if ctx.Err() != nil {
		return sight{}, context.Cause(ctx)
	}
	return seen, nil
}

// running are the migrations that run, as far as the host says so in time.
func (s *station) running(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, countLimit)
	defer cancel()
	if s.direction == lease.In {
		incoming, _ := s.Incoming(ctx)
		return incoming
	}
	s.mu.Lock()
	skip := map[string]bool{}
	maps.DeleteFunc(s.mute, func(_ string, since time.Time) bool { return time.Since(since) > muteFor })
	for vm := range s.mute {
		skip[vm] = true
	}
	s.mu.Unlock()
	outgoing, mute, _ := s.Outgoing(ctx, skip)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, vm := range mute {
		if !skip[vm] {
			s.mute[vm] = time.Now()
		}
	}
	return outgoing
}

// read adds the leases of places and the tickets to what was seen, and ends those that nobody renews.
func (s *station) read(ctx context.Context, side *lease.Side) error {
	all, err := s.Leases(ctx)
	if err != nil {
		return err
	}
	var here []host.Lease
	for _, l := range all {
		place, _, leased := lease.ParsePlace(l.Name)
		ticket, _, waits := lease.ParseTicket(l.Name)
		if leased && place == s.direction || waits && ticket == s.direction {
			here = append(here, l)
		}
	}
	others := s.known(side, here)
	type reading struct {
		said *string
		err  error
	}
	for i, r := range each(others, func(l host.Lease) reading {
		said, err := s.LeaseDescription(ctx, l)
		return reading{said, err}
	}) {
		switch {
		case r.err != nil: // it is there, whatever it says
			note(side, others[i].Name, lease.Holder{})
		case r.said != nil && !s.stale(ctx, others[i], *r.said):
			note(side, others[i].Name, lease.Decode(*r.said))
		}
	}
	return nil
}

// known adds the leases of this run, which need not be read, and returns the others.
func (s *station) known(side *lease.Side, all []host.Lease) (others []host.Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range all {
		if holder, own := s.own[l.UUID]; own {
			note(side, l.Name, holder)
		} else {
			others = append(others, l)
		}
	}
	return others
}

// hold takes a lease, or renews one.
func (s *station) hold(ctx context.Context, l host.Lease, holder lease.Holder) error {
	holder = holder.Until(time.Now())
	if err := s.TakeLease(ctx, l, holder.Encode()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[l.UUID] = holder
	return nil
}

// take takes a new lease. It is ended where nobody knows whether it was taken.
func (s *station) take(ctx context.Context, name string, holder lease.Holder) (*host.Lease, error) {
	l := host.Lease{UUID: uuid.NewString(), Name: name}
	err := s.hold(ctx, l, holder)
	if err == nil {
		return &l, nil
	}
	if ctx.Err() != nil || errors.Is(err, host.ErrOutcomeUnknown) {
		s.drop(ctx, l)
	}
	return nil, err
}

// note adds a lease to what was seen.
func note(side *lease.Side, name string, holder lease.Holder) {
	if _, n, ok := lease.ParsePlace(name); ok {
		side.Places = append(side.Places, lease.Place{N: n, Holder: holder})
	} else if _, ticket, ok := lease.ParseTicket(name); ok {
		ticket.Holder = holder
		side.Tickets = append(side.Tickets, ticket)
	}
}

// stale ends a lease that nobody renews.
func (s *station) stale(ctx context.Context, l host.Lease, description string) bool {
	ended := Ended(lease.Decode(description).Process)
	s.mu.Lock()
	stale := s.sightings.Stale(l.UUID, description, ended, time.Now())
	s.mu.Unlock()
	return stale && s.EndLease(ctx, l) == nil
}

// lease leases the lowest place that is free, at first as far as this run knows: most hosts have no other. It is nil
// where none is.
func (s *station) lease(ctx context.Context, holder lease.Holder) (*host.Lease, error) {
	n := s.reserve()
	for n != 0 {
		l, err := s.take(ctx, lease.PlaceName(s.direction, n), holder)
		if err == nil {
			s.set(n, true)
			return l, nil
		}
		s.set(n, false)
		if !errors.Is(err, host.ErrLeaseTaken) {
			return nil, err
		}
		side := lease.Side{Limit: s.limit}
		if err := s.read(ctx, &side); err != nil {
			return nil, err
		}
		n = side.Free()
	}
	return nil, nil
}

// reserve is the lowest place that no other move of this run has leased, or is leasing; 0 where there is none.
func (s *station) reserve() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := 1; n <= s.limit; n++ {
		if !s.mine[n] {
			s.mine[n] = true
			return n
		}
	}
	return 0
}

// set notes whether this run has a place.
func (s *station) set(n int, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine[n] = mine
}

// end ends a lease of this run, also where the context has ended.
func (s *station) end(ctx context.Context, l host.Lease) {
	if _, n, ok := lease.ParsePlace(l.Name); ok {
		s.set(n, false)
	}
	s.mu.Lock()
	delete(s.own, l.UUID)
	s.mu.Unlock()
	s.drop(ctx, l)
}

// drop ends a lease, also where the context has ended. One that cannot be ended expires.
func (s *station) drop(ctx context.Context, l host.Lease) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.Renewal)
	defer cancel()
	_ = s.EndLease(ctx, l)
}

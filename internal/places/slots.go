package places

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// startGap is the least time between the starts of two migrations on one
// source. A burst of eight at once left libvirtd's pool of workers so small that
// calls of every other client waited for seconds; starts 100 ms apart did not.
const startGap = 100 * time.Millisecond

// mostPassed is how often later moves may take a slot that a waiting move needs. It
// cannot use that slot while the other one that it needs is taken, so others may use it
// meanwhile; but two hosts that others use in turns may never be free at once. Then the
// next slots are kept for the waiting move.
const mostPassed = 3

// slots limits how many migrations leave and enter each host at a time, over
// all moves of the fleet, and keeps the moves of one VM apart: until memory is
// sent, nothing on the hosts tells the second of two direct ones of the first.
// Slots go to who came first, of those that can use them.
type slots struct {
	Limits

	mu sync.Mutex
	// queue are the moves that wait, in the order in which they came; came is how many did.
	queue              []*waiter
	came               int
	moving             map[string]bool // by the VM's UUID
	outgoing, incoming map[string]int
	nextStart          map[string]time.Time
	// changed is closed, and replaced, when a slot was taken or given back.
	changed chan struct{}
	// draining is closed by drain: every acquire that waits, or comes later, then
	// fails with ErrDraining.
	draining chan struct{}
	drain    func()
}

// waiter is a move that waits.
type waiter struct {
	migration.Subject

	// passed counts the later moves that took the last of a slot it needs.
	passed int
	// granted is true once it has its slots.
	granted bool
	// apart is true while it can use no slot, as something else is in its way; number is its turn in the queue.
	apart  bool
	number int
}

func newSlots(limits Limits) *slots {
	draining := make(chan struct{})
	return &slots{
		Limits:    limits,
		moving:    map[string]bool{},
		outgoing:  map[string]int{},
		incoming:  map[string]int{},
		nextStart: map[string]time.Time{},
		changed:   make(chan struct{}),
		draining:  draining,
		drain:     sync.OnceFunc(func() { close(draining) }),
	}
}

// open is ErrDraining after drain.
func (s *slots) open() error {
	select {
	case <-s.draining:
		return ErrDraining
	default:
		return nil
	}
}

// acquire waits until no other move of the VM is under way and both hosts have a
// slot, and takes all of that at once. It calls waiting with what it waits for, whenever
// that changes. The caller must call release when the migration has ended. The error is
// the context's, or ErrDraining.
func (s *slots) acquire(ctx context.Context, m migration.Subject, waiting func(Wait)) (release func(), err error) {
	return s.acquireWith(ctx, m, func(context.Context) (Wait, error) { return Wait{}, nil }, waiting)
}

// acquireWith is acquire for a move that needs something else besides, which claim takes or says to be in the way.
// While that is so, others may use the slots. The error is the context's, claim's, or ErrDraining.
func (s *slots) acquireWith(
	ctx context.Context, m migration.Subject, claim func(context.Context) (Wait, error), waiting func(Wait),
) (release func(), err error) {
	w := s.enter(m)
	free := sync.OnceFunc(func() { s.leave(w) })
	defer func() {
		if err != nil {
			free()
		}
	}()
	var told Wait
	tell := func(wait Wait) {
		if !wait.same(told) {
			told = wait
			waiting(wait)
		}
	}
	for {
		if err := s.await(ctx, w, tell); err != nil {
			return nil, err
		}
		wait, err := claim(ctx)
		if err != nil {
			return nil, err
		}
		if wait.Kind == NoWait {
			return free, s.open()
		}
		tell(wait)
		s.standBack(w)
		if err := s.pause(ctx); err != nil {
			return nil, err
		}
		s.comeForward(w)
	}
}

// await waits for the slots of a move. The error is the context's, or ErrDraining.
func (s *slots) await(ctx context.Context, w *waiter, tell func(Wait)) error {
	for {
		changed, wait := s.check(w)
		if wait.Kind == NoWait {
			return s.open()
		}
		tell(wait)
		select {
		case <-changed:
		case <-s.draining:
			return ErrDraining
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pause lets some time pass before a move that stands back is to come forward: not always the same, so that two that
// are in each other's way are not for ever. The error is the context's, or ErrDraining.
func (s *slots) pause(ctx context.Context) error {
	timer := time.NewTimer(placePoll*3/4 + rand.N(placePoll/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.draining:
		return ErrDraining
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// turn waits for a move's turn among the starts on its source. The move starts at once
// when it returns, so its checks come before. The error is the context's, or ErrDraining.
func (s *slots) turn(ctx context.Context, source string) error {
	if err := wait(ctx, time.Until(s.takeTurn(source))); err != nil {
		return err
	}
	return s.open()
}

// takeTurn is when the next migration on a source may start.
func (s *slots) takeTurn(source string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	starts := time.Now()
	if next := s.nextStart[source]; next.After(starts) {
		starts = next
	}
	s.nextStart[source] = starts.Add(startGap)
	return starts
}

// enter puts a move at the end of the queue.
func (s *slots) enter(m migration.Subject) *waiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came++
	w := &waiter{Subject: m, number: s.came}
	s.queue = append(s.queue, w)
	s.serve()
	return w
}

// standBack gives back the slots of a move, which keeps its turn in the queue and is passed by others meanwhile.
func (s *slots) standBack(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveBack(w)
	w.granted, w.apart = false, true
	later := slices.IndexFunc(s.queue, func(other *waiter) bool { return other.number > w.number })
	if later < 0 {
		later = len(s.queue)
	}
	s.queue = slices.Insert(s.queue, later, w)
	s.serve()
}

// comeForward lets a move have slots again that stood back.
func (s *slots) comeForward(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.apart = false
	s.serve()
}

// leave takes a move out of the queue, or gives back the slots that it has.
func (s *slots) leave(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.granted {
		s.giveBack(w)
	} else {
		s.queue = slices.DeleteFunc(s.queue, func(other *waiter) bool { return other == w })
	}
	s.serve()
}

// check says what is in the way of a move, or nothing once it has its slots.
// changed is closed when that may be another thing.
func (s *slots) check(w *waiter) (changed <-chan struct{}, wait Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.granted {
		return nil, Wait{}
	}
	return s.changed, s.waitsFor(w.Subject, s.kept(w))
}

// serve gives the free slots to the moves that wait, and lets all of them look
// again.
func (s *slots) serve() {
	for s.serveOne() {
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// serveOne gives the first move that can use them its slots; false when there
// is none.
func (s *slots) serveOne() bool {
	for i, w := range s.queue {
		if w.apart || s.waitsFor(w.Subject, s.kept(w)).Kind != NoWait {
			continue
		}
		s.grant(w)
		for _, earlier := range s.queue[:i] {
			if !earlier.apart && s.deprives(w.Subject, earlier.Subject) {
				earlier.passed++
			}
		}
		s.queue = slices.Delete(s.queue, i, i+1)
		return true
	}
	return false
}

// grant takes a move's slots.
func (s *slots) grant(w *waiter) {
	s.moving[w.UUID] = true
	s.outgoing[w.Source]++
	s.incoming[w.Destination]++
	w.granted = true
}

// giveBack gives a move's slots back.
func (s *slots) giveBack(w *waiter) {
	delete(s.moving, w.UUID)
	s.outgoing[w.Source]--
	s.incoming[w.Destination]--
}

// deprives tells whether a move has taken what another one needs and now has to
// wait for.
func (s *slots) deprives(taken, other migration.Subject) bool {
	return taken.UUID == other.UUID ||
		taken.Source == other.Source && s.outgoing[taken.Source] >= s.Outgoing ||
		taken.Destination == other.Destination && s.incoming[taken.Destination] >= s.Into(taken.Destination)
}

// kept are the moves before this one for which the next slots are kept: those
// that were passed too often. One whose VM is on its way can use none.
func (s *slots) kept(w *waiter) []migration.Subject {
	var kept []migration.Subject
	for _, earlier := range s.queue {
		if earlier == w {
			break
		}
		if earlier.passed >= mostPassed && !earlier.apart && !s.moving[earlier.UUID] {
			kept = append(kept, earlier.Subject)
		}
	}
	return kept
}

// waitsFor says what is in the way of a move while slots are kept for others;
// nothing when it can have its own.
func (s *slots) waitsFor(m migration.Subject, kept []migration.Subject) Wait {
	most := s.Into(m.Destination)
	outgoing, incoming := s.Outgoing-s.outgoing[m.Source], most-s.incoming[m.Destination]
	atSource := Wait{Host: m.Source, Limit: s.Outgoing}
	atDestination := Wait{Host: m.Destination, Limit: most, Port: s.Ports[m.Destination]}
	switch {
	case s.moving[m.UUID]:
		return Wait{Kind: OtherMove}
	case outgoing <= 0:
		return atSource.of(FullSource)
	case incoming <= 0:
		return atDestination.of(FullDestination)
	}
	for _, other := range kept {
		if other.Source == m.Source {
			outgoing--
		}
		if other.Destination == m.Destination {
			incoming--
		}
		switch {
		case other.UUID == m.UUID:
			return Wait{Kind: EarlierMove}
		case outgoing <= 0:
			return atSource.of(KeptSource)
		case incoming <= 0:
			return atDestination.of(KeptDestination)
		}
	}
	return Wait{}
}

package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// startGap is the least time between the starts of two migrations on one
// source. A burst of eight at once left libvirtd's pool of workers so small that
// calls of every other client waited for seconds; starts 100 ms apart did not.
const startGap = 100 * time.Millisecond

// trip is a VM's way from one host to another.
type trip struct {
	// vm is its UUID.
	vm string
	// source and destination are the names of the hosts.
	source, destination string
}

// slots limits how many migrations leave and enter each host at a time, over
// all moves of the fleet, and keeps the moves of one VM apart: until memory is
// sent, nothing on the hosts tells the second of two direct ones of the first.
type slots struct {
	maxOutgoing, maxIncoming int

	mu                 sync.Mutex
	moving             map[string]bool // by the VM's UUID
	outgoing, incoming map[string]int
	nextStart          map[string]time.Time
	// freed is closed, and replaced, when a migration has ended.
	freed chan struct{}
	// draining is closed by drain: every acquire that waits, or comes later, then
	// fails with ErrDraining.
	draining chan struct{}
	drain    func()
}

// ErrDraining is a move that was not started because the fleet starts none any
// more.
var ErrDraining = errors.New("no move is started any more")

func newSlots(maxOutgoing, maxIncoming int) *slots {
	draining := make(chan struct{})
	return &slots{
		maxOutgoing: maxOutgoing,
		maxIncoming: maxIncoming,
		moving:      map[string]bool{},
		outgoing:    map[string]int{},
		incoming:    map[string]int{},
		nextStart:   map[string]time.Time{},
		freed:       make(chan struct{}),
		draining:    draining,
		drain:       sync.OnceFunc(func() { close(draining) }),
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
// place, takes all of that at once, and then waits for its turn to start on the
// source. waiting is told what is waited for, whenever that becomes another
// thing. The caller must call release when the migration has ended. The error is
// the context's, or ErrDraining.
func (s *slots) acquire(ctx context.Context, t trip, waiting func(obstacle string)) (release func(), err error) {
	for told := ""; ; {
		freed, obstacle := s.take(t)
		if obstacle == "" {
			break
		}
		if obstacle != told {
			told = obstacle
			waiting(obstacle)
		}
		select {
		case <-freed:
		case <-s.draining:
			return nil, ErrDraining
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	release = sync.OnceFunc(func() { s.give(t) })
	if err = s.stagger(ctx, t.source); err == nil {
		err = s.open()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// take takes the VM and a place on both hosts, or none of them: then obstacle
// says what is in the way, and freed is closed when that may have changed.
func (s *slots) take(t trip) (freed <-chan struct{}, obstacle string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.moving[t.vm]:
		return s.freed, "another move of it is under way"
	case s.outgoing[t.source] >= s.maxOutgoing:
		return s.freed, fmt.Sprintf("%s sends as many VMs as it may already (max_outgoing_migrations = %d)", t.source, s.maxOutgoing)
	case s.incoming[t.destination] >= s.maxIncoming:
		return s.freed, fmt.Sprintf("%s receives as many VMs as it may already (max_incoming_migrations = %d)", t.destination, s.maxIncoming)
	}
	s.moving[t.vm] = true
	s.outgoing[t.source]++
	s.incoming[t.destination]++
	return nil, ""
}

func (s *slots) give(t trip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.moving, t.vm)
	s.outgoing[t.source]--
	s.incoming[t.destination]--
	close(s.freed)
	s.freed = make(chan struct{})
}

// stagger keeps starts on one source apart.
func (s *slots) stagger(ctx context.Context, source string) error {
	s.mu.Lock()
	now := time.Now()
	start := s.nextStart[source]
	if start.Before(now) {
		start = now
	}
	s.nextStart[source] = start.Add(startGap)
	s.mu.Unlock()

	return wait(ctx, start.Sub(now))
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

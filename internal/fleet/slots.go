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

// slots limits how many migrations leave and enter each host at a time, over
// all moves of the fleet.
type slots struct {
	maxOutgoing, maxIncoming int

	mu                 sync.Mutex
	outgoing, incoming map[string]int
	nextStart          map[string]time.Time
	// freed is closed, and replaced, when a place becomes free.
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

// acquire waits until both hosts have a place, takes both at once, and then
// waits for its turn to start on the source. waiting is told which host is full,
// whenever that becomes another one. The caller must call release when the
// migration has ended. The error is the context's, or ErrDraining.
func (s *slots) acquire(ctx context.Context, source, destination string, waiting func(full string)) (release func(), err error) {
	for told := ""; ; {
		freed, full := s.take(source, destination)
		if full == "" {
			break
		}
		if full != told {
			told = full
			waiting(full)
		}
		select {
		case <-freed:
		case <-s.draining:
			return nil, ErrDraining
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	release = sync.OnceFunc(func() { s.give(source, destination) })
	if err = s.stagger(ctx, source); err == nil {
		err = s.open()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// take takes a place on both hosts, or none: then full says which host has no
// more, and freed is closed when there may be one.
func (s *slots) take(source, destination string) (freed <-chan struct{}, full string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.outgoing[source] >= s.maxOutgoing:
		return s.freed, fmt.Sprintf("%s sends as many VMs as it may already (max_outgoing_migrations = %d)", source, s.maxOutgoing)
	case s.incoming[destination] >= s.maxIncoming:
		return s.freed, fmt.Sprintf("%s receives as many VMs as it may already (max_incoming_migrations = %d)", destination, s.maxIncoming)
	}
	s.outgoing[source]++
	s.incoming[destination]++
	return nil, ""
}

func (s *slots) give(source, destination string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outgoing[source]--
	s.incoming[destination]--
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

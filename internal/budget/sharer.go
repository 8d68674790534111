package budget

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// giveWayPatience is how long a move waits before its start for those that have to give way to it.
// One of them whose host does not answer does not hold it up for longer: it starts with what is free.
// Disks are copied with what it starts with, so it waits also until other runs know of it.
const giveWayPatience = 2 * time.Second

// Sharer is a move that has a share. It is the migration.Budget of its engine.
type Sharer struct {
	links *Links
	flow  flow
	// afterwards is the ceiling in post-copy.
	afterwards int64
	// granted is its share of now, held the most that libvirt may hold it to, and sends what it sends
	// beyond that: the largest of them is not there for others.
	granted, held, sends int64
	// changed is closed, and replaced, when granted was changed.
	changed chan struct{}
	// met is closed once it has looked whom of other runs it meets. elders are those VMs, by UUID, as
	// long as their runs may not know of it.
	met    chan struct{}
	elders map[string]bool
}

// Join implements migration.Budget.
func (s *Sharer) Join(ctx context.Context, disks int) int64 {
	patience := time.NewTimer(giveWayPatience)
	if disks > 0 {
		patience.Reset(giveWayPatience + noticed)
	}
	defer patience.Stop()
	select {
	case <-s.met:
	case <-patience.C:
		patience.Reset(0)
	case <-ctx.Done():
	}
	s.enter(disks)
	for {
		has, wants, changed := s.standing()
		if has >= wants {
			return has
		}
		select {
		case <-changed:
		case <-patience.C:
			return has
		case <-ctx.Done():
			return has
		}
	}
}

// GiveWay lets others give way before the move's turn to start, so that nothing is waited for after it,
// and returns its share; 0 without a budget.
func (s *Sharer) GiveWay(ctx context.Context, disks int) int64 {
	if s == nil {
		return 0
	}
	return s.Join(ctx, disks)
}

// enter counts the move in.
func (s *Sharer) enter(disks int) {
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.sharers, s) {
		l.sharers = append(l.sharers, s)
	}
	if disks > 0 {
		s.flow.fixed = l.untilCopied(s, disks)
	}
	l.divide()
}

// standing is the share of a move, what it will be once others have given way, and what tells of a
// change.
func (s *Sharer) standing() (has, wants int64, changed <-chan struct{}) {
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.granted, l.shares()[slices.Index(l.sharers, s)], s.changed
}

// Share implements migration.Budget.
func (s *Sharer) Share() (limit int64, changed <-chan struct{}) {
	s.links.mu.Lock()
	defer s.links.mu.Unlock()
	return s.granted, s.changed
}

// Inform implements migration.Budget.
func (s *Sharer) Inform(h migration.Hold) {
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	s.held, s.sends = h.Limit, h.Sends
	switch {
	case !h.Fixed:
		s.flow.fixed = 0
	case s.flow.fixed == 0:
		s.flow.fixed = cmp.Or(h.Limit, s.granted)
	}
	if h.PostCopy {
		s.flow.ceiling = s.afterwards
	}
	l.divide()
}

// Leave gives the share of a move that has ended to the others.
func (s *Sharer) Leave() {
	if s == nil {
		return
	}
	l := s.links
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sharers = slices.DeleteFunc(l.sharers, func(other *Sharer) bool { return other == s })
	l.divide()
}

func (s *Sharer) grant(limit int64) {
	if limit == s.granted {
		return
	}
	s.granted = limit
	close(s.changed)
	s.changed = make(chan struct{})
}

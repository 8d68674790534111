package fleet

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// giveWayPatience is how long a move waits before its start for those that have to give way to it.
// One of them whose host does not answer does not hold it up for longer: it starts with what is free.
const giveWayPatience = 2 * time.Second

// budgets divides what the link of each host may carry among the moves that leave and enter it, as
// they come and go.
type budgets struct {
	of map[string]int64 // MiB/s, by host; no entry for no limit

	mu      sync.Mutex
	sharers []*sharer // in the order in which they came
	// mine are the VMs that this run has moved, by UUID, and passing what others move over each host
	// that a move of this run uses.
	mine    map[string]bool
	passing map[string]passage
}

func newBudgets(of map[string]int64) *budgets {
	return &budgets{of: of, mine: map[string]bool{}, passing: map[string]passage{}}
}

// sharer is a move that has a share. It is the migration.Budget of its engine.
type sharer struct {
	budgets *budgets
	vm      string
	flow    flow
	// afterwards is the ceiling in post-copy.
	afterwards int64
	// granted is its share of now, and held the most that libvirt may hold it to: the larger of
	// both is not there for others.
	granted, held int64
	// changed is closed, and replaced, when granted was changed.
	changed chan struct{}
}

// sharer is a move that is about to share the budgets of its links; nil where neither has one.
func (b *budgets) sharer(t places.Trip, p policy.Effective) *sharer {
	if b.of[t.Source] == 0 && b.of[t.Destination] == 0 {
		return nil
	}
	over := flow{source: t.Source, destination: t.Destination, ceiling: ceiling(p.BandwidthMiBPerSecond)}
	return &sharer{
		budgets: b, vm: t.VM, flow: over,
		afterwards: ceiling(p.PostCopyBandwidthMiBPerSecond), changed: make(chan struct{}),
	}
}

func ceiling(limit *int64) int64 {
	if limit == nil {
		return 0
	}
	return *limit
}

// Join implements migration.Budget.
func (s *sharer) Join(ctx context.Context, disks int) int64 {
	patience := time.NewTimer(giveWayPatience)
	defer patience.Stop()
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

// giveWay lets others give way before the move's turn to start, so that nothing is waited for after it,
// and returns its share; 0 without a budget.
func (s *sharer) giveWay(ctx context.Context, disks int) int64 {
	if s == nil {
		return 0
	}
	return s.Join(ctx, disks)
}

// foresee is the share that a move would have if it started now; 0 without a budget.
func (b *budgets) foresee(t places.Trip, p policy.Effective) int64 {
	s := b.sharer(t, p)
	if s == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	shares := divide(b.of, append(b.others(), append(b.flows(), s.flow)...))
	return shares[len(shares)-1]
}

// enter counts the move in.
func (s *sharer) enter(disks int) {
	b := s.budgets
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.sharers, s) {
		b.sharers, b.mine[s.vm] = append(b.sharers, s), true
	}
	if disks > 0 {
		s.flow.fixed = b.untilCopied(s, disks)
	}
	b.divide()
}

// untilCopied is what a move that copies disks is to keep until that is over: its share, but at most
// half of what others do not keep for the same reason. Whoever comes later has the other half.
func (b *budgets) untilCopied(s *sharer, disks int) int64 {
	keeps := b.shares()[slices.Index(b.sharers, s)]
	for _, link := range s.flow.links() {
		free, limited := b.of[link]
		if !limited {
			continue
		}
		for _, other := range b.sharers {
			if other != s && other.flow.over(link) {
				free -= other.flow.fixed
			}
		}
		keeps = min(keeps, free/2)
	}
	return max(keeps, int64(disks)*leastShare)
}

// standing is the share of a move, what it will be once others have given way, and what tells of a
// change.
func (s *sharer) standing() (has, wants int64, changed <-chan struct{}) {
	b := s.budgets
	b.mu.Lock()
	defer b.mu.Unlock()
	return s.granted, b.shares()[slices.Index(b.sharers, s)], s.changed
}

// Share implements migration.Budget.
func (s *sharer) Share() (limit int64, changed <-chan struct{}) {
	s.budgets.mu.Lock()
	defer s.budgets.mu.Unlock()
	return s.granted, s.changed
}

// Inform implements migration.Budget.
func (s *sharer) Inform(h migration.Hold) {
	b := s.budgets
	b.mu.Lock()
	defer b.mu.Unlock()
	s.held = h.Limit
	switch {
	case !h.Fixed:
		s.flow.fixed = 0
	case s.flow.fixed == 0:
		s.flow.fixed = cmp.Or(h.Limit, s.granted)
	}
	if h.PostCopy {
		s.flow.ceiling = s.afterwards
	}
	b.divide()
}

// leave gives the share of a move that has ended to the others.
func (s *sharer) leave() {
	if s == nil {
		return
	}
	b := s.budgets
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sharers = slices.DeleteFunc(b.sharers, func(other *sharer) bool { return other == s })
	for _, link := range s.flow.links() { // what nobody of this run uses any more nobody looks at
		if !slices.ContainsFunc(b.sharers, func(other *sharer) bool { return other.flow.over(link) }) {
			delete(b.passing, link)
		}
	}
	b.divide()
}

// shares are those of the moves, in their order. What is left of whole MiB/s goes to others first:
// each run leaves it to the other.
func (b *budgets) shares() []int64 {
	shares, _ := b.division()
	return shares
}

// division is the shares of the moves, and what others have of each link.
func (b *budgets) division() (shares []int64, foreign map[string]int64) {
	others := b.others()
	all := divide(b.of, append(others, b.flows()...))
	foreign = map[string]int64{}
	for i, f := range others {
		for _, link := range f.links() {
			foreign[link] += all[i]
		}
	}
	return all[len(others):], foreign
}

func (b *budgets) flows() []flow {
	flows := make([]flow, len(b.sharers))
	for i, s := range b.sharers {
		flows[i] = s.flow
	}
	return flows
}

// divide grants each move its share. One whose share becomes larger is given no more than others no
// longer hold: so the sum is within the budget also while libvirt is being told.
func (b *budgets) divide() {
	shares, foreign := b.division()
	for i, s := range b.sharers {
		if shares[i] < s.granted {
			s.grant(shares[i])
		}
	}
	for i, s := range b.sharers {
		if free := b.free(s, foreign); shares[i] > s.granted {
			s.grant(max(s.granted, min(shares[i], free), leastShare))
		}
	}
}

// free is what a move could have without any other giving way.
func (b *budgets) free(s *sharer, foreign map[string]int64) int64 {
	free := int64(1) << 62
	for _, link := range s.flow.links() {
		left, limited := b.of[link]
		if !limited {
			continue
		}
		left -= foreign[link]
		for _, other := range b.sharers {
			if other != s && other.flow.over(link) {
				left -= max(other.granted, other.held)
			}
		}
		free = min(free, left)
	}
	return free
}

func (s *sharer) grant(limit int64) {
	if limit == s.granted {
		return
	}
	s.granted = limit
	close(s.changed)
	s.changed = make(chan struct{})
}

package budget

import (
	"slices"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Links divides what the link of each host may carry among the moves that leave and enter it, as
// they come and go.
type Links struct {
	of map[string]int64 // MiB/s, by host; no entry for no limit

	mu      sync.Mutex
	sharers []*Sharer // in the order in which they came
	// mine are the VMs that this run moves, or has moved, by UUID, and passing what others move over each host
	// at which as many moves of this run look as lookers says.
	mine    map[string]bool
	passing map[string]Passage
	lookers map[string]int
}

// New is the links of hosts with a budget: of is what each may carry, in MiB/s, by host.
func New(of map[string]int64) *Links {
	return &Links{of: of, mine: map[string]bool{}, passing: map[string]Passage{}, lookers: map[string]int{}}
}

// Of is the budget of a host's link, in MiB/s; 0 for none.
func (l *Links) Of(host string) int64 { return l.of[host] }

// Sharer is a move that is about to share the budgets of its links; nil where neither has one.
func (l *Links) Sharer(m migration.Subject, p policy.Effective) *Sharer {
	if !l.limits(m) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine[m.UUID] = true
	return &Sharer{
		links: l, flow: flowOf(m, p),
		afterwards: ceiling(p.PostCopyBandwidthMiBPerSecond), changed: make(chan struct{}), met: make(chan struct{}),
	}
}

// limits tells whether a move goes over a link with a budget.
func (l *Links) limits(m migration.Subject) bool {
	return l.of[m.Source] != 0 || l.of[m.Destination] != 0
}

func flowOf(m migration.Subject, p policy.Effective) flow {
	return flow{source: m.Source, destination: m.Destination, ceiling: ceiling(p.BandwidthMiBPerSecond)}
}

func ceiling(limit *int64) int64 {
	if limit == nil {
		return 0
	}
	return *limit
}

// Foresee is the share that a move would have if it started now; 0 without a budget.
func (l *Links) Foresee(m migration.Subject, p policy.Effective) int64 {
	if !l.limits(m) {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	shares := divide(l.of, slices.Concat(l.others(), l.flows(l.sharers), []flow{flowOf(m, p)}))
	return shares[len(shares)-1]
}

// untilCopied is what a move that copies disks is to keep until that is over: its share, but at most
// half of what others do not keep for the same reason. Whoever comes later has the other half.
func (l *Links) untilCopied(s *Sharer, disks int) int64 {
	keeps := l.shares()[slices.Index(l.sharers, s)]
	for _, link := range s.flow.links() {
		free, limited := l.of[link]
		if !limited {
			continue
		}
		for _, other := range l.sharers {
			if other != s && other.flow.over(link) {
				free -= other.flow.fixed
			}
		}
		keeps = min(keeps, free/2)
	}
	return max(keeps, int64(disks)*leastShare)
}

// shares are those of the moves, in their order. What is left of whole MiB/s goes to others first:
// each run leaves it to the other.
func (l *Links) shares() []int64 {
	shares, _ := l.division()
	return shares
}

// division is the shares of the moves, and what others have of each link, who do not yet give way to
// newcomers. A move that sends more than its share keeps that, and the rest is there for the other moves.
func (l *Links) division() (shares []int64, foreign map[string]int64) {
	others, flows := l.others(), l.flows(l.sharers)
	fair := divide(l.of, slices.Concat(others, flows))[len(others):]
	for i, s := range l.sharers {
		if s.sends > fair[i] {
			flows[i].fixed = s.sends
		}
	}
	shares = divide(l.of, slices.Concat(others, flows))[len(others):]
	for i, s := range l.sharers {
		if s.sends > fair[i] {
			shares[i] = fair[i]
		}
	}
	known := slices.DeleteFunc(slices.Clone(l.sharers), l.isNewcomer)
	foreign = map[string]int64{}
	for i, share := range divide(l.of, slices.Concat(others, l.flows(known)))[:len(others)] {
		for _, link := range others[i].links() {
			foreign[link] += share
		}
	}
	return shares, foreign
}

func (l *Links) flows(of []*Sharer) []flow {
	flows := make([]flow, len(of))
	for i, s := range of {
		flows[i] = s.flow
	}
	return flows
}

// divide grants each move its share. One whose share becomes larger is given no more than others no
// longer hold: so the sum is within the budget also while libvirt is being told.
func (l *Links) divide() {
	shares, foreign := l.division()
	for i, s := range l.sharers {
		if shares[i] < s.granted {
			s.grant(shares[i])
		}
	}
	for i, s := range l.sharers {
		if free := l.free(s, foreign); shares[i] > s.granted {
			s.grant(max(s.granted, min(shares[i], free), leastShare))
		}
	}
}

// free is what a move could have without any other giving way.
func (l *Links) free(s *Sharer, foreign map[string]int64) int64 {
	free := int64(unlimited)
	for _, link := range s.flow.links() {
		left, limited := l.of[link]
		if !limited {
			continue
		}
		left -= foreign[link]
		for _, other := range l.sharers {
			if other != s && other.flow.over(link) {
				left -= max(other.granted, other.held, other.sends)
			}
		}
		free = min(free, left)
	}
	return free
}

package placement

import (
	"cmp"
	"slices"
)

// Candidate is a host that a VM can go to.
type Candidate struct {
	Host string
	// Score is 0 to 100; the larger, the better.
	Score float64
	// Reasons are what the score is made of, in the order of the scorers.
	Reasons []Reason
}

// Choice is which hosts a VM can go to, and which not.
type Choice struct {
	VM string
	// Candidates are the hosts that it can go to, the best first, ties by name.
	Candidates []Candidate
	// Rejected are the others, each with the one reason that binds.
	Rejected map[string]Reason
}

// Best is the candidate to be taken; ok is false where there is none.
func (c Choice) Best() (best Candidate, ok bool) {
	if len(c.Candidates) == 0 {
		return Candidate{}, false
	}
	return c.Candidates[0], true
}

// Choose says which of the hosts of the given names a VM can go to. One that is on its way can only go where it is
// bound for.
func Choose(w World, vm VM, among []string) Choice {
	l := open(w, vm.UUID)
	c := Choice{VM: vm.UUID, Rejected: map[string]Reason{}}
	for _, host := range unique(among) {
		against := l.against(vm, host)
		_, refused := against.(Refused)
		switch {
		case vm.Fixed != nil:
			c.Rejected[host] = vm.Fixed
		case vm.BoundFor != "" && vm.BoundFor != host:
			c.Rejected[host] = OnItsWay{vm.BoundFor}
		case against != nil && (vm.BoundFor == "" || refused || l.accounts[host] == nil): // who is on the way has room there
			c.Rejected[host] = against
		default:
			c.Candidates = append(c.Candidates, l.candidate(vm, host))
		}
	}
	slices.SortFunc(c.Candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Host, b.Host))
	})
	return c
}

// unique are names, sorted, each once.
func unique(names []string) []string {
	sorted := slices.Sorted(slices.Values(names))
	return slices.Compact(sorted)
}

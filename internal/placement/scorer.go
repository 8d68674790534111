package placement

import "math"

// scorer judges a host, as it would be with a VM, by one thing.
type scorer struct {
	// weight is how many of 100 points it gives at most.
	weight float64
	// score is 0 to 1. widest is the largest limit of all links.
	score func(a *account, vm VM, widest uint64) float64
	// why is what the score is made of.
	why func(a *account, vm VM) Reason
}

// scorers are in the order of a candidate's reasons. Memory comes first: a host that runs out of it kills VMs.
var scorers = []scorer{
	{40, scoreMemory, whyMemory},
	{25, scoreBusy, whyBusy},
	{15, scorePromised, whyPromised},
	{20, scoreLink, whyLink},
}

// memoryLeft is what the host would have left, of all that it has of that memory, in bytes.
func (a *account) memoryLeft(vm VM) (left int64, total uint64) {
	if vm.HugePageKiB > 0 {
		size := vm.HugePageKiB << 10
		return (a.pages[vm.HugePageKiB] - vm.hugePages()) * int64(size), a.HugePages[vm.HugePageKiB].Total * size
	}
	return a.room - int64(vm.Memory), a.Memory
}

func scoreMemory(a *account, vm VM, _ uint64) float64 {
	left, total := a.memoryLeft(vm)
	return share(float64(left), float64(total))
}

func whyMemory(a *account, vm VM) Reason {
	left, total := a.memoryLeft(vm)
	return MemoryLeft{uint64(max(left, 0)), total}
}

func scoreBusy(a *account, vm VM, _ uint64) float64 {
	return 1 - share(a.Load+vm.Load, float64(a.CPUs))
}

func whyBusy(a *account, vm VM) Reason { return BusyCPUs{a.Load + vm.Load, a.CPUs} }

// scorePromised is about what VMs could do at once: half the points where each CPU is promised once.
func scorePromised(a *account, vm VM, _ uint64) float64 {
	return share(float64(a.CPUs), float64(a.CPUs+a.cpus+vm.CPUs))
}

func whyPromised(a *account, vm VM) Reason { return CPUsPromised{a.cpus + vm.CPUs, a.CPUs} }

// scoreLink is about how soon the move would end: the more moves use the link, or have to end before it may begin, and
// the narrower the link is, the later.
func scoreLink(a *account, _ VM, widest uint64) float64 {
	width := 1.0
	if a.Link > 0 {
		width = share(float64(a.Link), float64(widest))
	}
	turn := 1
	if a.MostArriving > 0 {
		turn += a.Arriving / a.MostArriving
	}
	return width / float64((a.moves+1)*turn)
}

func whyLink(a *account, _ VM) Reason { return LinkShare{a.Link / uint64(a.moves+1), a.moves} }

// share is a part of a whole, 0 to 1.
func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return min(max(part/whole, 0), 1)
}

// score is how well a host takes a VM, 0 to 100, with a tenth of a point as the smallest difference.
func (l ledger) score(vm VM, host string) float64 {
	var points float64
	for _, s := range scorers {
		points += s.weight * s.score(l.accounts[host], vm, l.widest)
	}
	return math.Round(points*10) / 10
}

// candidate is a host with its score and what that is made of.
func (l ledger) candidate(vm VM, host string) Candidate {
	c := Candidate{Host: host, Score: l.score(vm, host)}
	for _, s := range scorers {
		c.Reasons = append(c.Reasons, s.why(l.accounts[host], vm))
	}
	return c
}

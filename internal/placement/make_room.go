package placement

import (
	"cmp"
	"slices"
)

// mostEvicted is how many VMs of other hosts are moved to make room for one.
const mostEvicted = 4

// makeRoom finds a host for a VM by moving others: as few as it takes. Those of the drained host may be given another
// host than before, which is no move more.
func (s *search) makeRoom(vm VM) bool {
	if !s.enough(vm) {
		return false
	}
	for most := range mostEvicted + 1 {
		r := rearrangement{search: s, root: vm.UUID, touched: map[string]bool{}}
		if r.settle([]VM{vm}, most) {
			return true
		}
	}
	return false
}

// rearrangement is a search for room for one VM, the root. Each VM is touched once on the way to a solution.
type rearrangement struct {
	*search

	root    string
	touched map[string]bool
}

// settle gives all VMs a host, with at most so many moves of others.
func (r *rearrangement) settle(homeless []VM, most int) bool {
	if len(homeless) == 0 {
		_, ok := r.stages()
		return ok
	}
	vm, rest := homeless[0], homeless[1:]
	for _, host := range r.hosts(vm, byScore) {
		if r.settleOn(vm, host, rest, most, nil) {
			return true
		}
	}
	for _, host := range r.among {
		if r.roomNodes--; r.roomNodes < 0 {
			return false
		}
		if curable(r.ledger.against(vm, host)) && r.settleOn(vm, host, rest, most, r.inTheWay(vm, host)) {
			return true
		}
	}
	return false
}

// settleOn gives a VM a host, from which some of the others that are in the way may be moved.
func (r *rearrangement) settleOn(vm VM, host string, rest []VM, most int, others []VM) bool {
	if r.ledger.against(vm, host) == nil {
		r.give(vm, host)
		if r.settle(rest, most) {
			return true
		}
		r.take(vm)
		return false
	}
	for i, other := range others {
		mover := r.to[other.UUID] == host // it moves anyway
		if !mover && most == 0 {
			continue
		}
		if r.roomNodes--; r.roomNodes < 0 {
			return false
		}
		left := most - 1
		if mover {
			left = most
		}
		undo := r.evict(other, mover)
		if r.settleOn(vm, host, append(slices.Clone(rest), other), left, others[i+1:]) {
			return true
		}
		undo()
	}
	return false
}

// evict takes a VM off its host, or the promise of one.
func (r *rearrangement) evict(vm VM, mover bool) (undo func()) {
	host := r.to[vm.UUID]
	r.touched[vm.UUID] = true
	if mover {
		r.take(vm)
		return func() {
			r.give(vm, host)
			delete(r.touched, vm.UUID)
		}
	}
	r.ledger.accounts[vm.Host].release(vm)
	r.cause[vm.UUID] = r.root
	return func() {
		r.ledger.accounts[vm.Host].readmit(vm)
		delete(r.cause, vm.UUID)
		delete(r.touched, vm.UUID)
	}
}

// inTheWay are the VMs of a host without which another one could get it: those of its group, then those that are enough
// alone, the smallest first, then the others, the largest first.
func (r *rearrangement) inTheWay(vm VM, host string) []VM {
	a := r.ledger.accounts[host]
	ofGroup := func(other VM) bool { return vm.Group != "" && other.Group == vm.Group }
	var others []VM
	consider := func(other VM) {
		shares := ofGroup(other) || other.HugePageKiB == vm.HugePageKiB
		if shares && !r.touched[other.UUID] && other.Fixed == nil && other.BoundFor == "" {
			others = append(others, other)
		}
	}
	for _, other := range r.on[host] {
		if r.to[other.UUID] == "" {
			consider(other)
		}
	}
	for _, uuid := range r.given {
		if r.to[uuid] == host {
			consider(r.vms[uuid])
		}
	}
	rank := func(other VM) int {
		switch {
		case ofGroup(other):
			return 0
		case vm.HugePageKiB > 0 && a.pages[vm.HugePageKiB]+other.hugePages() >= vm.hugePages(),
			vm.HugePageKiB == 0 && a.room+int64(other.Memory) >= int64(vm.Memory):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(others, func(x, y VM) int {
		smallest := 0
		if rank(x) == 1 {
			smallest = cmp.Compare(x.Memory, y.Memory)
		}
		return cmp.Or(cmp.Compare(rank(x), rank(y)), smallest, LongestFirst(x, y))
	})
	return others
}

package placement

import (
	"slices"
)

// PlanDrain says where the VMs of a host go. It moves as many as there is room for, with as few moves as that takes.
func PlanDrain(w World, d Drain) Plan {
	plan := planDrain(w, d)
	if d.MakeRoom || len(plan.Stuck) == 0 {
		return plan
	}
	d.MakeRoom = true
	with := planDrain(w, d)
	for i, s := range plan.Stuck {
		if !slices.ContainsFunc(with.Stuck, func(other Stuck) bool { return other.VM == s.VM }) {
			plan.Stuck[i].Would = slices.DeleteFunc(slices.Clone(with.Steps), func(step Step) bool { return step.For != s.VM })
		}
	}
	return plan
}

func planDrain(w World, d Drain) Plan {
	s := newSearch(w, d)
	stuck := s.place(s.movers)
	if d.MakeRoom {
		stuck = slices.DeleteFunc(stuck, s.makeRoom)
	}
	steps, _ := s.stages() // makeRoom leaves none that cannot be staged
	plan := Plan{Steps: steps}
	for _, vm := range append(s.held, stuck...) {
		plan.Stuck = append(plan.Stuck, s.stuck(vm))
	}
	slices.SortFunc(plan.Stuck, func(a, b Stuck) int { return LongestFirst(s.vms[a.VM], s.vms[b.VM]) })
	return plan
}

// search is a plan in the making.
type search struct {
	world  World
	among  []string
	vms    map[string]VM // by UUID
	on     map[string][]VM
	ledger ledger
	// movers are the VMs that are to leave the drained host, and held those of them that cannot, whatever there is.
	movers, held []VM
	// to are the hosts that VMs are given, by UUID, and given the UUIDs in the order in which they were.
	to    map[string]string
	given []string
	// cause is the VM that another one makes room for, by the UUID of that.
	cause map[string]string
	// nodes is how many more alternatives are looked at.
	nodes int
	// roomNodes is how many more, of all searches for room.
	roomNodes int
}

func newSearch(w World, d Drain) *search {
	s := &search{
		world: w, ledger: open(w, ""), vms: map[string]VM{}, on: map[string][]VM{},
		to: map[string]string{}, cause: map[string]string{}, roomNodes: mostRoomNodes,
	}
	for _, host := range unique(d.Among) {
		if host != d.Host {
			s.among = append(s.among, host)
		}
	}
	for _, vm := range w.VMs {
		s.vms[vm.UUID] = vm
		s.on[vm.Host] = append(s.on[vm.Host], vm)
		switch {
		case vm.Host != d.Host, d.VMs != nil && !slices.Contains(d.VMs, vm.UUID):
		case vm.Fixed != nil, vm.BoundFor != "":
			s.held = append(s.held, vm)
		default:
			s.movers = append(s.movers, vm)
		}
	}
	slices.SortFunc(s.movers, LongestFirst)
	return s
}

// give promises a host to a VM, and take takes the promise back.
func (s *search) give(vm VM, host string) {
	s.ledger.accounts[host].admit(vm)
	s.to[vm.UUID] = host
	s.given = append(s.given, vm.UUID)
}

func (s *search) take(vm VM) {
	s.ledger.accounts[s.to[vm.UUID]].dismiss(vm)
	delete(s.to, vm.UUID)
	s.given = without(s.given, vm.UUID)
}

// preference is how hosts that fit are ordered: the larger, the earlier.
type preference func(l ledger, vm VM, host string) float64

// byScore spreads VMs, byTightness keeps large rooms for large ones.
func byScore(l ledger, vm VM, host string) float64 { return l.score(vm, host) }

func byTightness(l ledger, vm VM, host string) float64 {
	if vm.HugePageKiB > 0 {
		return -float64(l.accounts[host].pages[vm.HugePageKiB])
	}
	return -float64(l.accounts[host].room)
}

// hosts are those that a VM can go to now, the preferred first, ties by name.
func (s *search) hosts(vm VM, prefer preference) []string {
	type rated struct {
		host string
		rate float64
	}
	var fit []rated
	for _, host := range s.among {
		if s.ledger.against(vm, host) == nil {
			fit = append(fit, rated{host, prefer(s.ledger, vm, host)})
		}
	}
	slices.SortStableFunc(fit, func(a, b rated) int {
		switch {
		case a.rate > b.rate:
			return -1
		case a.rate < b.rate:
			return 1
		}
		return 0
	})
	hosts := make([]string, len(fit))
	for i, f := range fit {
		hosts[i] = f.host
	}
	return hosts
}

const (
	// mostNodes is how many alternatives one search looks at. With less than that, what it does not find does not exist.
	mostNodes = 2000
	// mostRoomNodes is how many all searches for room of a plan look at together.
	mostRoomNodes = 4000
	// mostRounds is how often those that found no host are tried first, where no search places all.
	mostRounds = 20
)

// place gives hosts to VMs, and tells which get none. All get one where the search finds how, else as many as it can.
func (s *search) place(vms []VM) (stuck []VM) {
	hopeless := func(vm VM) bool { return len(s.hosts(vm, byTightness)) == 0 } // it only becomes less
	stuck = filter(vms, hopeless)
	vms = filter(vms, func(vm VM) bool { return !hopeless(vm) })
	for _, prefer := range []preference{byScore, byTightness} {
		s.nodes = mostNodes
		if s.enough(vms...) && s.all(vms, prefer) {
			return stuck
		}
	}
	return append(stuck, s.most(vms)...)
}

// all gives each VM a host, or none of them.
func (s *search) all(vms []VM, prefer preference) bool {
	if len(vms) == 0 {
		return true
	}
	if s.nodes--; s.nodes < 0 {
		return false
	}
	for _, host := range s.hosts(vms[0], prefer) {
		s.give(vms[0], host)
		if s.all(vms[1:], prefer) {
			return true
		}
		s.take(vms[0])
	}
	return false
}

// most gives hosts to as many VMs as it can: in rounds, each of which begins with those that the last one has left
// over.
func (s *search) most(vms []VM) (left []VM) {
	round := func(order []VM) (over []VM) {
		for _, vm := range order {
			if hosts := s.hosts(vm, byTightness); len(hosts) > 0 {
				s.give(vm, hosts[0])
			} else {
				over = append(over, vm)
			}
		}
		return over
	}
	order, best := vms, vms
	fewest := len(vms) + 1
	for range mostRounds {
		over := round(order)
		if len(over) < fewest {
			best, fewest = order, len(over)
		}
		for i := len(order) - 1; i >= 0; i-- {
			if s.to[order[i].UUID] != "" {
				s.take(order[i])
			}
		}
		leftOver := map[string]bool{}
		for _, vm := range over {
			leftOver[vm.UUID] = true
		}
		order = append(over, filter(order, func(vm VM) bool { return !leftOver[vm.UUID] })...)
	}
	return round(best)
}

// enough tells whether the hosts together have memory for some VMs, without which no search needs to begin: moves
// between them make no more of it.
func (s *search) enough(vms ...VM) bool {
	left := map[uint64]int64{}
	for _, host := range s.among {
		a := s.ledger.accounts[host]
		if a == nil || a.Silent || a.Emptied || a.Cordoned {
			continue
		}
		left[0] += max(a.room, 0)
		for size, pages := range a.pages {
			left[size] += max(pages, 0)
		}
	}
	for _, vm := range vms {
		if vm.HugePageKiB > 0 {
			left[vm.HugePageKiB] -= vm.hugePages()
		} else {
			left[0] -= int64(vm.Memory)
		}
		if left[vm.HugePageKiB] < 0 {
			return false
		}
	}
	return true
}

// stuck says why a VM has to stay.
func (s *search) stuck(vm VM) Stuck {
	stuck := Stuck{VM: vm.UUID, Rejected: map[string]Reason{}}
	switch {
	case vm.Fixed != nil:
		stuck.Binding = vm.Fixed
		return stuck
	case vm.BoundFor != "":
		stuck.Binding = OnItsWay{vm.BoundFor}
		return stuck
	case len(s.among) == 0:
		stuck.Binding = NoHost{}
		return stuck
	}
	for _, host := range s.among {
		reason := s.ledger.against(vm, host)
		stuck.Rejected[host] = reason
		if stuck.Binding == nil || closer(reason, stuck.Binding) {
			stuck.Binding, stuck.Host = reason, host
		}
	}
	return stuck
}

// without is a list in which one name, mostly the last, is left out.
func without(names []string, name string) []string {
	if last := len(names) - 1; last >= 0 && names[last] == name {
		return names[:last]
	}
	return slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
}

func filter(vms []VM, keep func(VM) bool) []VM {
	return slices.DeleteFunc(slices.Clone(vms), func(vm VM) bool { return !keep(vm) })
}

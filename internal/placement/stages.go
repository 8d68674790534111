package placement

import (
	"cmp"
	"slices"
)

// stages puts the moves in an order in which no host ever holds more than it has, even if all moves of a stage run at
// once: what a VM leaves behind is free only in the next stage. ok is false where the moves wait for each other.
func (s *search) stages() (steps []Step, ok bool) {
	why := s.candidates()
	now := open(s.world, "")
	waiting := make([]VM, 0, len(s.given))
	for _, uuid := range s.given {
		waiting = append(waiting, s.vms[uuid])
	}
	// What makes room comes first: others may have to wait for it, and it for none of them.
	slices.SortStableFunc(waiting, func(a, b VM) int {
		return cmp.Or(-cmp.Compare(s.cause[a.UUID], s.cause[b.UUID]), LongestFirst(a, b))
	})
	for stage := 0; len(waiting) > 0; stage++ {
		var starting, later []VM
		for _, vm := range waiting {
			host := s.to[vm.UUID]
			if now.against(vm, host) != nil {
				later = append(later, vm)
				continue
			}
			now.accounts[host].admit(vm)
			starting = append(starting, vm)
		}
		if len(starting) == 0 {
			return nil, false
		}
		slices.SortFunc(starting, LongestFirst)
		for _, vm := range starting {
			now.accounts[vm.Host].release(vm)
			steps = append(steps, Step{
				VM: vm.UUID, From: vm.Host, To: s.to[vm.UUID], Stage: stage,
				Candidate: why[vm.UUID], For: s.cause[vm.UUID],
			})
		}
		waiting = later
	}
	return steps, true
}

// candidates are why each VM goes where it does, with the hosts as they were when it was given its own.
func (s *search) candidates() map[string]Candidate {
	l := open(s.world, "")
	for uuid := range s.cause {
		l.accounts[s.vms[uuid].Host].release(s.vms[uuid])
	}
	why := map[string]Candidate{}
	for _, uuid := range s.given {
		why[uuid] = l.candidate(s.vms[uuid], s.to[uuid])
		l.accounts[s.to[uuid]].admit(s.vms[uuid])
	}
	return why
}

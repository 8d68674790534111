package placement

import (
	"cmp"
	"slices"
)

// Return is what comes back to a host that VMs have left.
type Return struct {
	Host string
	// Move are the UUIDs of VMs that run elsewhere, and Start those that are off and start on the host.
	Move  []string
	Start []VM
}

// PlanReturn says which VMs find no room on the host that they come back to. They need what they take, and not what
// they had found there before: they have run there. The host may still be cordoned. Those that are off come first, as
// they serve nobody meanwhile, then the smallest, so that as many as possible come back.
func PlanReturn(w World, r Return) (stuck []Stuck) {
	a := open(w, "").accounts[r.Host]
	for _, vm := range r.order(w) {
		var why Reason
		switch {
		case a == nil:
			why = UnknownHost{}
		case a.Silent:
			why = Silent{}
		default:
			why = a.full(vm)
		}
		if why == nil {
			a.admit(vm)
			continue
		}
		stuck = append(stuck, Stuck{VM: vm.UUID, Binding: why, Host: r.Host})
	}
	return stuck
}

// order are the VMs that are to be given room, in the order in which they are. One that is on its way or starting has it,
// and one that is off and only moves takes none.
func (r Return) order(w World) []VM {
	var movers []VM
	for _, vm := range w.VMs {
		if slices.Contains(r.Move, vm.UUID) && vm.BoundFor == "" && vm.Host != r.Host {
			movers = append(movers, vm)
		}
	}
	smallestFirst := func(a, b VM) int {
		return cmp.Or(cmp.Compare(a.Memory, b.Memory), cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
	}
	slices.SortFunc(movers, smallestFirst)
	starting := filter(r.Start, func(vm VM) bool { return !w.has(vm.UUID) })
	slices.SortFunc(starting, smallestFirst)
	return append(starting, movers...)
}

// has tells whether a VM is known.
func (w World) has(uuid string) bool {
	return slices.ContainsFunc(w.VMs, func(vm VM) bool { return vm.UUID == uuid })
}

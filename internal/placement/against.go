package placement

import "slices"

// against is what keeps a VM from a host, the reason that binds; nil where nothing does.
func (l ledger) against(vm VM, host string) Reason {
	a := l.accounts[host]
	if closed := a.closed(); closed != nil {
		return closed
	}
	if host == vm.Host {
		return Here{}
	}
	if finding := vm.Refused[host]; finding != nil {
		return Refused{finding}
	}
	need := vm.CPUs
	// One that has more CPUs than its own host is used to it.
	if home := l.accounts[vm.Host]; home != nil && home.CPUs > 0 {
		need = min(need, home.CPUs)
	}
	if a.CPUs > 0 && a.CPUs < need {
		return FewCPUs{Need: need, Have: a.CPUs}
	}
	return a.full(vm)
}

// closed is what keeps every VM from a host; a host that the world does not have has no account.
func (a *account) closed() Reason {
	switch {
	case a == nil:
		return UnknownHost{}
	case a.Silent:
		return Silent{}
	case a.Emptied:
		return Emptied{}
	case a.Cordoned:
		return Cordoned{}
	}
	return nil
}

// full is what a host lacks for a VM because of the VMs that it has.
func (a *account) full(vm VM) Reason {
	if others := a.groups[vm.Group]; vm.Group != "" && len(others) > 0 {
		return GroupTaken{Group: vm.Group, VM: slices.Min(others)}
	}
	if vm.HugePageKiB > 0 {
		if need, free := vm.hugePages(), a.pages[vm.HugePageKiB]; free < need {
			return HugePagesShort{
				SizeKiB: vm.HugePageKiB, Need: uint64(need), Free: uint64(max(free, 0)),
				Total: a.HugePages[vm.HugePageKiB].Total,
			}
		}
		return nil
	}
	if a.room < int64(vm.Memory) {
		return MemoryShort{Need: vm.Memory, Room: uint64(max(a.room, 0)), Total: a.Memory}
	}
	return nil
}

// Closed tells whether a host takes no VM for as long as it is cordoned or emptied.
func Closed(r Reason) bool {
	switch r.(type) {
	case Cordoned, Emptied:
		return true
	}
	return false
}

// curable tells whether the VMs on a host are all that is in the way.
func curable(r Reason) bool {
	switch r.(type) {
	case GroupTaken, HugePagesShort, MemoryShort:
		return true
	}
	return false
}

// Lapsed is what has come between a VM and the host that was chosen for it: the reason that binds, nil where nothing
// has. What never changes, as how many CPUs the host has, is not looked at.
func Lapsed(w World, vm VM, host string) Reason {
	a := open(w, vm.UUID).accounts[host]
	if closed := a.closed(); closed != nil {
		return closed
	}
	return a.full(vm)
}

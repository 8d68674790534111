package placement

import (
	"cmp"
	"slices"
)

// ledger is what each host has promised to VMs: those on it, those on their way to it, and those that a plan has given
// it. It promises no byte twice: what a VM may take counts from the moment at which it was promised.
type ledger struct {
	accounts map[string]*account // by the host's name
	// widest is the largest limit of a link.
	widest uint64
}

// account is what one host has left.
type account struct {
	Host

	// room is its memory that is promised to nobody, in bytes; negative where its VMs may take more than it has.
	room int64
	// pages are its huge pages that are promised to nobody, by size.
	pages map[uint64]int64
	// cpus are those of its VMs together, and moves those that arrive and leave.
	cpus, moves int
	// groups are the names of its VMs by anti-affinity group.
	groups map[string][]string
}

// open is the ledger of a world, without one VM where it is on its way: what it takes there is to be seen anew.
func open(w World, without string) ledger {
	l := ledger{accounts: make(map[string]*account, len(w.Hosts))}
	for _, h := range w.Hosts {
		a := &account{
			Host: h, room: int64(h.Available), moves: h.Arriving + h.Leaving,
			pages: map[uint64]int64{}, groups: map[string][]string{},
		}
		for size, pool := range h.HugePages {
			a.pages[size] = int64(pool.Free)
		}
		l.accounts[h.Name] = a
		l.widest = max(l.widest, h.Link)
	}
	for _, vm := range w.VMs {
		if a := l.accounts[vm.Host]; a != nil {
			a.house(vm)
		}
		if a := l.accounts[vm.BoundFor]; a != nil && vm.UUID != without {
			a.expect(vm)
		}
	}
	return l
}

// house counts a VM that is on the host: what it has taken is not available any more.
func (a *account) house(vm VM) {
	a.cpus += vm.CPUs
	a.join(vm)
	if vm.HugePageKiB == 0 {
		a.room -= int64(vm.Memory) - int64(min(vm.Memory, vm.Resident))
	}
}

// expect counts a VM on its way, part of which may have arrived.
func (a *account) expect(vm VM) {
	a.cpus += vm.CPUs
	a.Load += vm.Load
	a.join(vm)
	if vm.HugePageKiB == 0 {
		a.room -= int64(vm.Memory) - int64(min(vm.Memory, vm.Arrived))
	} else if vm.Arrived == 0 { // QEMU takes its huge pages all at once
		a.pages[vm.HugePageKiB] -= vm.hugePages()
	}
}

// admit promises what the host has to a VM that a plan gives it.
func (a *account) admit(vm VM) {
	a.cpus += vm.CPUs
	a.Load += vm.Load
	a.moves++
	a.Arriving++
	a.join(vm)
	a.give(vm, -1)
}

// release takes a VM off the host.
func (a *account) release(vm VM) {
	a.cpus -= vm.CPUs
	a.Load -= vm.Load
	a.moves++
	a.part(vm)
	a.give(vm, 1)
}

// dismiss takes back what admit has promised.
func (a *account) dismiss(vm VM) {
	a.release(vm)
	a.moves -= 2
	a.Arriving--
}

// readmit takes back a release.
func (a *account) readmit(vm VM) {
	a.admit(vm)
	a.moves -= 2
	a.Arriving--
}

// give adds all that a VM may take to what the host has left, or takes it away.
func (a *account) give(vm VM, sign int64) {
	if vm.HugePageKiB == 0 {
		a.room += sign * int64(vm.Memory)
	} else {
		a.pages[vm.HugePageKiB] += sign * vm.hugePages()
	}
}

func (a *account) join(vm VM) {
	if vm.Group != "" {
		a.groups[vm.Group] = append(a.groups[vm.Group], vm.Name)
	}
}

func (a *account) part(vm VM) {
	if i := slices.Index(a.groups[vm.Group], vm.Name); vm.Group != "" && i >= 0 {
		a.groups[vm.Group] = slices.Delete(slices.Clone(a.groups[vm.Group]), i, i+1)
	}
}

// hugePages is how many huge pages back a VM.
func (vm VM) hugePages() int64 {
	size := vm.HugePageKiB << 10
	return int64((vm.Memory + size - 1) / size)
}

// LongestFirst is the order in which moves are to be started: the longest do not come last. How long moves last is
// known of all VMs that are compared, or of none: then the largest count as the longest.
func LongestFirst(a, b VM) int {
	return cmp.Or(
		cmp.Compare(b.Lasts, a.Lasts), cmp.Compare(b.Memory, a.Memory), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UUID, b.UUID),
	)
}

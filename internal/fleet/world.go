package fleet

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// saying is what one host says for a choice of hosts.
type saying struct {
	// host has no moves yet; it is silent where it does not say all that a choice needs.
	host    placement.Host
	domains []host.DetailedDomain
	// loads are the CPUs that VMs keep busy, and pages the sizes of the huge pages that back them, by UUID.
	loads map[string]float64
	pages map[string]uint64
	// leased are the UUIDs of the VMs to whose moves a place of the host is leased.
	leased []string
}

// hearing is how much a host is asked for.
type hearing int

const (
	// hearVMs is its VMs and its memory, hearRoom also who is on the way to it or kept from it, and hearAll also how busy
	// it is.
	hearVMs hearing = iota
	hearRoom
	hearAll
)

// world is what the hosts say for the choice of a destination, and the VM that it is for.
func (f *Fleet) world(ctx context.Context, l Location) (placement.World, placement.VM) {
	w := f.gather(ctx, f.promises.toOthers(l.Domain.UUID))
	return w, f.chooser(ctx, l, w)
}

// chooser is the VM that a destination is chosen for. Where that is of an anti-affinity group, so are others of the
// world.
func (f *Fleet) chooser(ctx context.Context, l Location, w placement.World) placement.VM {
	vm := placement.VM{UUID: l.Domain.UUID, Name: l.Domain.Name, Host: l.Host, Memory: l.Domain.MemoryBytes}
	if i := slices.IndexFunc(w.VMs, func(other placement.VM) bool { return other.UUID == vm.UUID }); i >= 0 {
		vm = w.VMs[i]
		vm.Host = l.Host
	}
	if vm.Group = f.groupOf(ctx, l); vm.Group != "" {
		f.group(ctx, w.VMs)
	}
	return vm
}

// gather asks all hosts at once. What was promised to VMs counts, and which hosts this run empties.
func (f *Fleet) gather(ctx context.Context, promised map[string]promise) placement.World {
	sayings := each(f.hosts, func(h *host.Host) saying { return f.listen(ctx, h, hearAll) })
	return f.shunned.mark(worldOf(sayings, promised))
}

// listen asks one host, for all in about fifteen calls, most of them at once, and in one for each VM of which the
// memory is not told from huge pages.
func (f *Fleet) listen(ctx context.Context, h *host.Host, hear hearing) saying {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	s := saying{host: placement.Host{
		Name: h.Name(), Link: uint64(f.budgets.Of(h.Name())) << 20, MostArriving: f.places.Into(h.Name()),
	}}
	var asking sync.WaitGroup
	errs := make([]error, 3)
	asking.Go(func() {
		// What arrives meanwhile is not in what has arrived, and has been taken from what is available.
		if s.domains, errs[0] = h.DetailedDomains(ctx); errs[0] == nil {
			askResident(ctx, h, s.domains)
			errs[0] = f.measureHost(ctx, h, &s.host)
		}
	})
	if hear >= hearRoom {
		asking.Go(func() { s.host.Cordoned, errs[1] = isCordoned(ctx, h) })
		asking.Go(func() { s.leased, errs[2] = f.leasedTo(ctx, h.Name(), hear == hearRoom) })
	}
	if hear == hearAll {
		asking.Go(func() { s.host.Load, s.loads = f.loads.of(ctx, h) })
	}
	asking.Wait()
	if errors.Join(errs...) != nil {
		return saying{host: placement.Host{Name: h.Name(), Silent: true}}
	}
	if len(s.host.HugePages) > 0 {
		s.pages = f.backings.of(ctx, h, s.domains)
	}
	return s
}

// measureHost reads what a host has of memory, huge pages and CPUs.
func (f *Fleet) measureHost(ctx context.Context, h *host.Host, into *placement.Host) error {
	capabilities, err := f.shared[h].Capabilities(ctx)
	if err != nil {
		return err
	}
	into.CPUs = len(capabilities.CPUs)
	var sizes []uint64
	for size, total := range capabilities.Pages {
		if total > 0 {
			sizes = append(sizes, size)
		}
	}
	if len(sizes) > 0 {
		free, err := h.FreePages(ctx, sizes)
		if err != nil {
			return err
		}
		into.HugePages = map[uint64]placement.HugePages{}
		for _, size := range sizes {
			into.HugePages[size] = placement.HugePages{Total: capabilities.Pages[size], Free: free[size]}
		}
	}
	memory, err := h.Memory(ctx)
	into.Memory, into.Available = memory.Total, memory.Available
	return err
}

// isCordoned tells whether a host is cordoned, or may be, because its record cannot be read. Who is not allowed to read
// it moves VMs there, too.
func isCordoned(ctx context.Context, h *host.Host) (bool, error) {
	record, err := cordonOf(ctx, h)
	var unreadable *UnreadableCordonError
	switch {
	case errors.As(err, &unreadable):
		return true, nil
	case errors.Is(err, host.ErrDenied):
		return false, nil
	}
	return record.Cordoned, err
}

// leasedTo are the VMs to whose moves, of this run or another, a place of the host is leased, as it said just now or,
// where it has to be fresh, says now. A host that keeps no leases has none.
func (f *Fleet) leasedTo(ctx context.Context, name string, fresh bool) (vms []string, err error) {
	look := f.places.Look
	if fresh {
		look = f.places.LookAgain
	}
	seen, err := look(ctx, name, lease.In)
	for _, place := range seen.Places {
		vms = append(vms, place.Holder.VM)
	}
	return vms, err
}

// worldOf puts together what the hosts say, and what was promised to VMs, by UUID.
func worldOf(sayings []saying, promised map[string]promise) placement.World {
	vms := map[string]*placement.VM{}
	for _, s := range sayings {
		for _, d := range s.domains {
			if d.Active() && !arrives(d) {
				note, known := s.vm(d), vms[d.UUID]
				if known == nil {
					vms[d.UUID] = &note
				}
			}
		}
	}
	for _, s := range sayings {
		for _, d := range s.domains {
			switch known := vms[d.UUID]; {
			case !d.Active(), known != nil && known.Host == s.host.Name:
			case known == nil && d.State == migration.StatePostCopy: // its source does not answer, or is no host of ours
				note := s.vm(d)
				vms[d.UUID] = &note
			case known == nil:
				note := s.vm(d)
				note.Host, note.BoundFor, note.Arrived, note.Resident = "", s.host.Name, s.arrived(d), 0
				vms[d.UUID] = &note
			default:
				known.BoundFor, known.Arrived = s.host.Name, s.arrived(d)
			}
		}
	}
	for _, s := range sayings {
		for _, uuid := range s.leased {
			bind(vms[uuid], s.host.Name)
		}
	}
	for uuid, p := range promised {
		if vms[uuid] == nil && p.off != nil {
			starting := *p.off
			vms[uuid] = &starting
		}
		bind(vms[uuid], p.host)
	}
	var w placement.World
	for _, uuid := range slices.Sorted(maps.Keys(vms)) {
		w.VMs = append(w.VMs, *vms[uuid])
	}
	for _, s := range sayings {
		for _, vm := range w.VMs {
			if vm.BoundFor == s.host.Name {
				s.host.Arriving++
			} else if vm.BoundFor != "" && vm.Host == s.host.Name {
				s.host.Leaving++
			}
		}
		w.Hosts = append(w.Hosts, s.host)
	}
	return w
}

// arrives tells whether a domain is, or may be, one of which the other part is at home elsewhere.
func arrives(d host.DetailedDomain) bool {
	return d.State == migration.StateIncoming || d.State == migration.StatePostCopy
}

// bind notes where a VM will be, unless that is known better.
func bind(vm *placement.VM, name string) {
	if vm != nil && vm.BoundFor == "" && vm.Host != name {
		vm.BoundFor = name
	}
}

// vm is a domain as its host tells of it.
func (s saying) vm(d host.DetailedDomain) placement.VM {
	vm := placement.VM{
		UUID: d.UUID, Name: d.Name, Host: s.host.Name, Memory: d.MemoryBytes, Resident: d.ResidentBytes,
		CPUs: int(d.VCPUs), Load: s.loads[d.UUID], HugePageKiB: s.pages[d.UUID],
	}
	if vm.HugePageKiB > 0 || d.ResidentBytes == 0 && !s.tellsResident() {
		vm.Resident = vm.Memory // QEMU takes its huge pages all at once
	}
	return vm
}

// tellsResident tells whether the host says what VMs have of its memory. Where it does, one of which it does not say so
// for now may yet take all of it.
func (s saying) tellsResident() bool {
	return slices.ContainsFunc(s.domains, func(d host.DetailedDomain) bool { return d.ResidentBytes > 0 })
}

// arrived is how much of a VM that is on its way has arrived: nothing, where the host does not say. libvirt mostly does
// not, of a domain that receives memory.
func (s saying) arrived(d host.DetailedDomain) uint64 {
	if s.pages[d.UUID] > 0 {
		return d.MemoryBytes
	}
	return d.ResidentBytes
}

const (
	// residentTries is how often a VM is asked again what it has of its host's memory, and residentPause the time between.
	residentTries = 3
	residentPause = 50 * time.Millisecond
)

// askResident asks again for VMs of which the host did not say what they have of its memory: libvirt leaves that out
// where another question to the VM, as one of this run, is under way.
func askResident(ctx context.Context, h *host.Host, domains []host.DetailedDomain) {
	for range residentTries {
		var untold []*host.DetailedDomain
		for i, d := range domains {
			if d.ResidentBytes == 0 && d.Active() && !arrives(d) {
				untold = append(untold, &domains[i])
			}
		}
		if len(untold) == 0 || len(untold) > recordReaders {
			return // a host that tells nothing of so many never does
		}
		each(untold, func(d *host.DetailedDomain) struct{} {
			if usage, err := h.Usage(ctx, d.UUID); err == nil {
				d.ResidentBytes = usage.ResidentBytes
			}
			return struct{}{}
		})
		if wait(ctx, residentPause) != nil {
			return
		}
	}
}

package fleet

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/cordon"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// Return is what becomes of VMs that an evacuation has taken from a host, as the hosts say now.
type Return struct {
	Host Member
	evacuation.Returning

	// Stuck are VMs that are to come back and for which the host has no room any more: they are not in Move and Start.
	Stuck []StuckVM
	// Unclear are VMs that do not say where they are, or what was done with them.
	Unclear []VMFailure
	// Silent is why hosts could not be asked: VMs that are there do not come back.
	Silent []error
}

// PlanReturn says what would come back to a host, and changes nothing.
func (f *Fleet) PlanReturn(ctx context.Context, name string) (Return, error) {
	record, err := f.Cordon(ctx, name)
	if err != nil {
		return Return{}, err
	}
	r, err := f.returner(ctx, name, record)
	if err != nil {
		return Return{}, err
	}
	back, _, err := r.look(ctx)
	return back, err
}

// returner brings back what an evacuation has taken from a host.
type returner struct {
	fleet  *Fleet
	host   *host.Host
	member Member
	of     emptied // what is undone
	// unbegun end what is promised to VMs that come back later.
	unbegun []func()
	// failed are the VMs that are not tried again, and lapsed is how often what was promised to one did not hold.
	failed map[string]bool
	lapsed map[string]int
	report func(EvacuationProgress)

	// see asks the hosts, and carry moves a VM.
	see   func(context.Context) (returning, error)
	carry func(context.Context, Move, func(Progress)) (Moved, error)
}

// returning is what the hosts say at one time for a return: who comes back, what those take that are off and start, by
// UUID, and what a choice needs.
type returning struct {
	Return

	off   map[string]placement.VM
	world placement.World
}

func (f *Fleet) returner(ctx context.Context, name string, record cordon.Record) (*returner, error) {
	h, err := f.host(name)
	if err != nil {
		return nil, err
	}
	member, err := f.Member(ctx, name)
	if err != nil {
		return nil, err
	}
	r := &returner{
		fleet: f, host: h, member: member, of: emptiedBy(record.Evacuation, member, record),
		lapsed: map[string]int{}, carry: f.Move,
	}
	r.see = r.ask
	return r, nil
}

// ask asks the hosts.
func (r *returner) ask(ctx context.Context) (returning, error) {
	f, seen := r.fleet, returning{Return: Return{Host: r.member}, off: map[string]placement.VM{}}
	if r.of.id == "" {
		return seen, nil
	}
	m := f.muster(ctx, func(*host.Host, migration.Domain) bool { return false })
	var err error
	if seen.Silent, err = f.Unanswered(m.silent); err != nil {
		return seen, err
	}
	vms, unclear := f.evacuated(ctx, m, r.of)
	seen.Unclear = unclear
	if len(vms) == 0 {
		return seen, nil
	}
	seen.world = f.gather(ctx, f.promises.toOthers(""))
	bindLeaving(vms, seen.world)
	seen.Returning = evacuation.Return(r.member.Name, vms)
	f.group(ctx, seen.world.VMs)
	domains := m.of(r.member.Name).domains
	for _, vm := range seen.Start {
		seen.off[vm.UUID] = r.sizeOf(ctx, domains[vm.UUID], seen.world)
	}
	return seen, nil
}

// bindLeaving notes where VMs go whose moves have begun and of which the destination does not know yet: by the leases.
func bindLeaving(vms []evacuation.VM, w placement.World) {
	for i, vm := range vms {
		if !vm.Past.Leaving || vm.BoundFor != "" {
			continue
		}
		for _, other := range w.VMs {
			if other.UUID == vm.UUID {
				vms[i].BoundFor = other.BoundFor
			}
		}
	}
}

// sizeOf is what a VM that is off takes on the host once it has started.
func (r *returner) sizeOf(ctx context.Context, d host.DetailedDomain, w placement.World) placement.VM {
	vm := placement.VM{UUID: d.UUID, Name: d.Name, Memory: d.MemoryBytes, CPUs: int(d.VCPUs)}
	for _, h := range w.Hosts {
		if h.Name == r.member.Name && len(h.HugePages) > 0 {
			if size := backingOf(ctx, r.host, d.UUID); size != nil {
				vm.HugePageKiB = *size
			}
		}
	}
	return vm
}

// look says what comes back now, and what those take that start.
func (r *returner) look(ctx context.Context) (Return, map[string]placement.VM, error) {
	seen, err := r.see(ctx)
	if err != nil {
		return seen.Return, nil, err
	}
	back := seen.Return
	back.holdStarts()
	return fitting(back, seen.off, seen.world, r.failed), seen.off, nil
}

// holdStarts leaves VMs off as long as a host is silent: it may run them.
func (r *Return) holdStarts() {
	if len(r.Silent) == 0 {
		return
	}
	for _, vm := range r.Start {
		r.Unclear = append(r.Unclear, VMFailure{vm, errors.Join(r.Silent...)})
	}
	r.Start = nil
}

// fitting leaves the VMs out of a return for which the host has no room, and puts those that move in the order in which
// they are started. Those that have failed need no room.
func fitting(back Return, off map[string]placement.VM, w placement.World, failed map[string]bool) Return {
	plan := placement.Return{Host: back.Host.Name}
	for _, vm := range back.Move {
		if !failed[vm.UUID] {
			plan.Move = append(plan.Move, vm.UUID)
		}
	}
	for _, vm := range back.Start {
		if !failed[vm.UUID] {
			plan.Start = append(plan.Start, off[vm.UUID])
		}
	}
	if len(plan.Move)+len(plan.Start) == 0 {
		return back
	}
	lasts := map[string]time.Duration{}
	for _, vm := range back.Move {
		lasts[vm.UUID] = vm.Past.Took
	}
	pace(w.VMs, lasts)
	stuck := map[string]placement.Stuck{}
	for _, s := range placement.PlanReturn(w, plan) {
		stuck[s.VM] = s
	}
	keep := func(vms []evacuation.VM) (kept []evacuation.VM) {
		for _, vm := range vms {
			if s, ok := stuck[vm.UUID]; ok {
				back.Stuck = append(back.Stuck, StuckVM{VM: vm, Binding: s.Binding, Host: s.Host})
			} else {
				kept = append(kept, vm)
			}
		}
		return kept
	}
	back.Move, back.Start = keep(inOrder(back.Move, w)), keep(back.Start)
	return back
}

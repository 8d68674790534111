package fleet

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// stage is a world in a test that answers late, and in which moves take time.
type stage struct {
	fleet *Fleet

	mu  sync.Mutex
	has map[string]uint64       // memory of hosts in GiB, by name
	vms map[string]placement.VM // by UUID
	// cordoned are the hosts that are.
	cordoned []string
	// twice is what was promised more than once, and moved how many VMs have arrived.
	twice []string
	moved int
}

func newStage(t *testing.T, has map[string]uint64, cordoned ...string) *stage {
	t.Helper()
	var names []string
	for name := range has {
		names = append(names, name)
	}
	return &stage{fleet: silentFleet(t, names...), has: has, vms: map[string]placement.VM{}, cordoned: cordoned}
}

// put starts VMs of so many GiB on a host, which have touched none of it yet.
func (s *stage) put(host string, count int, gib uint64) {
	for range count {
		name := fmt.Sprintf("vm%d", len(s.vms))
		s.vms[name] = placement.VM{UUID: name, Name: name, Host: host, Memory: gib << 30}
	}
}

// world is what hosts say now.
func (s *stage) world(promised map[string]promise) placement.World {
	s.mu.Lock()
	defer s.mu.Unlock()
	var w placement.World
	for name, gib := range s.has {
		w.Hosts = append(w.Hosts, placement.Host{
			Name: name, Memory: gib << 30, Available: gib << 30, Cordoned: slices.Contains(s.cordoned, name),
		})
	}
	for _, vm := range s.vms {
		bind(&vm, promised[vm.UUID].host)
		w.VMs = append(w.VMs, vm)
	}
	return s.fleet.shunned.mark(w)
}

// carry moves a VM, as Fleet.Move does: what it takes counts on both hosts meanwhile.
func (s *stage) carry(ctx context.Context, m Move, _ func(Progress)) (Moved, error) {
	s.note(m.UUID, func(vm *placement.VM) { vm.BoundFor = m.Destination })
	if err := wait(ctx, time.Second); err != nil {
		return Moved{}, err
	}
	s.note(m.UUID, func(vm *placement.VM) { vm.Host, vm.BoundFor = m.Destination, "" })
	return Moved{}, nil
}

// note changes a VM, and notes hosts that have promised more than they have.
func (s *stage) note(uuid string, change func(*placement.VM)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	vm := s.vms[uuid]
	change(&vm)
	s.vms[uuid] = vm
	if vm.BoundFor == "" {
		s.moved++
	}
	taken := map[string]uint64{}
	for _, vm := range s.vms {
		taken[vm.Host] += vm.Memory >> 30
		if vm.BoundFor != "" && vm.BoundFor != vm.Host {
			taken[vm.BoundFor] += vm.Memory >> 30
		}
	}
	for host, gib := range s.has {
		if taken[host] > gib {
			s.twice = append(s.twice, fmt.Sprintf("%s: %d of %d GiB", host, taken[host], gib))
		}
	}
}

// drain is an evacuation of a host on the stage, and its crew.
func (s *stage) drain(host string) (*evacuator, *crew) {
	e := &evacuator{
		fleet: s.fleet, Evacuation: Evacuation{Host: host, GoOn: true}, member: Member{Name: host}, refused: refusals{},
		lapsed: map[string]int{}, among: s.fleet.Names(), carry: s.carry,
	}
	e.see = func(ctx context.Context) (emptying, error) {
		w := s.world(s.fleet.promises.toOthers(""))
		if err := wait(ctx, 100*time.Millisecond); err != nil { // the answers are under way
			return emptying{}, err
		}
		seen := emptying{world: w}
		for _, vm := range w.VMs {
			if vm.Host == host {
				seen.vms = append(seen.vms, evacuation.VM{UUID: vm.UUID, Name: vm.Name, Host: host, Active: true, By: policy.EvacuateLive})
			}
		}
		return seen, nil
	}
	return e, newCrew(host, s.fleet.promises, 2, true, func(EvacuationProgress) {})
}

// Two hosts are emptied at once, and VMs are moved to whichever host is best: no room is promised twice.
func TestDrains_promiseNoRoomTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 16, "kvm2": 16, "kvm3": 9, "kvm4": 5, "kvm5": 16}, "kvm1", "kvm2", "kvm5")
		s.put("kvm1", 4, 4)
		s.put("kvm2", 4, 4)
		s.put("kvm5", 1, 4)
		var running sync.WaitGroup
		for _, host := range []string{"kvm1", "kvm2"} {
			e, crew := s.drain(host)
			running.Go(func() {
				if _, err := e.empty(t.Context(), crew, "id"); err != nil {
					t.Error(err)
				}
			})
		}
		running.Go(func() { s.choose(t, "vm8", "kvm3", "kvm4") })
		running.Wait()
		if len(s.twice) > 0 {
			t.Errorf("promised more than once: %v", s.twice)
		}
		if s.moved != 2+1 {
			t.Errorf("%d VMs were moved of the 3 that there was room for", s.moved)
		}
	})
}

// TestDrains_ofAPair: two hosts that are emptied at once, and that only have each other, keep their VMs; what is chosen
// goes elsewhere.
func TestDrains_ofAPair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, map[string]uint64{"kvm1": 16, "kvm2": 16, "kvm3": 16})
		s.put("kvm1", 2, 1)
		s.put("kvm2", 2, 1)
		s.put("kvm3", 1, 1)
		for _, host := range []string{"kvm1", "kvm2"} { // as each Evacuate does first
			defer s.fleet.shunned.add(host)()
		}
		var running sync.WaitGroup
		for _, host := range []string{"kvm1", "kvm2"} {
			e, crew := s.drain(host)
			e.among = []string{"kvm1", "kvm2"}
			running.Go(func() {
				last, err := e.empty(t.Context(), crew, "id")
				if err != nil || len(last.Stuck) != 2 || last.Stuck[0].Binding != (placement.Emptied{}) {
					t.Errorf("%s: %v, stuck: %+v", host, err, last.Stuck)
				}
			})
		}
		running.Go(func() { s.choose(t, "vm4", "kvm1", "kvm2") })
		running.Wait()
		if s.moved != 0 || s.on("kvm3") != 1 {
			t.Errorf("%d VMs were moved", s.moved)
		}
		s.fleet.shunned.open("kvm2")
		s.choose(t, "vm4", "kvm1", "kvm2")
		if s.on("kvm2") != 3 {
			t.Error("nothing comes to the host that was opened")
		}
	})
}

// choose moves a VM as a move does that leaves its destination open.
func (s *stage) choose(t *testing.T, uuid string, among ...string) {
	t.Helper()
	release, err := s.fleet.promises.alone(t.Context())
	if err != nil {
		t.Error(err)
		return
	}
	w := s.world(s.fleet.promises.toOthers(uuid))
	vm := w.VMs[slices.IndexFunc(w.VMs, func(vm placement.VM) bool { return vm.UUID == uuid })]
	_ = wait(t.Context(), 100*time.Millisecond)
	best, ok := placement.Choose(w, vm, among).Best()
	if !ok {
		release()
		return
	}
	forget := s.fleet.promises.keep(uuid, promise{host: best.Host})
	defer forget()
	release()
	if _, err := s.carry(t.Context(), Move{UUID: uuid, Destination: best.Host}, nil); err != nil {
		t.Error(err)
	}
}

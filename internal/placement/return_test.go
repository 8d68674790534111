package placement_test

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

func TestPlanReturn(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	vm := func(name string, memory uint64) placement.VM {
		return placement.VM{UUID: name, Name: name, Host: "kvm2", Memory: memory * gib, CPUs: 8}
	}
	on := func(vm placement.VM, host, bound string) placement.VM {
		vm.Host, vm.BoundFor = host, bound
		return vm
	}
	pair := func(vm placement.VM) placement.VM {
		vm.Group = "pair"
		return vm
	}
	huge := func(vm placement.VM) placement.VM {
		vm.HugePageKiB = 1 << 20
		return vm
	}
	kvm1 := placement.Host{Name: "kvm1", Cordoned: true, Memory: 16 * gib, Available: 10 * gib, CPUs: 2}
	short := func(need, room uint64) placement.Reason {
		return placement.MemoryShort{Need: need * gib, Room: room * gib, Total: 16 * gib}
	}
	for name, test := range map[string]struct {
		change func(*placement.Host)
		vms    []placement.VM
		off    []placement.VM
		want   map[string]placement.Reason
	}{
		"all have room":                           {nil, []placement.VM{vm("a", 4), vm("b", 6)}, nil, nil},
		"nobody comes back":                       {nil, nil, nil, nil},
		"as many as possible":                     {nil, []placement.VM{vm("big", 9), vm("a", 4), vm("b", 6)}, nil, map[string]placement.Reason{"big": short(9, 0)}},
		"what has come meanwhile takes memory":    {nil, []placement.VM{vm("a", 4), on(vm("new", 8), "kvm1", "")}, nil, map[string]placement.Reason{"a": short(4, 2)}},
		"what is on its way takes memory":         {nil, []placement.VM{vm("a", 4), on(vm("other", 8), "kvm3", "kvm1")}, nil, map[string]placement.Reason{"a": short(4, 2)}},
		"what is on its way has room":             {nil, []placement.VM{on(vm("a", 8), "kvm2", "kvm1"), vm("b", 4)}, nil, map[string]placement.Reason{"b": short(4, 2)}},
		"what is on its way elsewhere needs none": {nil, []placement.VM{on(vm("a", 16), "kvm2", "kvm3")}, nil, nil},
		"what is off comes first":                 {nil, []placement.VM{vm("a", 2)}, []placement.VM{on(vm("off", 9), "", "")}, map[string]placement.Reason{"a": short(2, 1)}},
		"what is off may be too large":            {nil, []placement.VM{vm("a", 2)}, []placement.VM{on(vm("off", 11), "", "")}, map[string]placement.Reason{"off": short(11, 10)}},
		"what is starting has room": {
			nil,
			[]placement.VM{vm("a", 4), on(vm("off", 6), "", "kvm1")},
			[]placement.VM{on(vm("off", 6), "", "")}, nil,
		},
		"one of a group is there": {
			nil,
			[]placement.VM{pair(vm("a", 1)), pair(on(vm("b", 1), "kvm1", ""))},
			nil, map[string]placement.Reason{"a": placement.GroupTaken{Group: "pair", VM: "b"}},
		},
		"two of a group": {nil, []placement.VM{pair(vm("a", 1)), pair(vm("b", 2))}, nil, map[string]placement.Reason{"b": placement.GroupTaken{Group: "pair", VM: "a"}}},
		"huge pages": {
			func(h *placement.Host) { h.HugePages = map[uint64]placement.HugePages{1 << 20: {Total: 8, Free: 5}} },
			[]placement.VM{huge(vm("a", 3)), huge(vm("b", 4)), vm("c", 10)},
			nil, map[string]placement.Reason{"b": placement.HugePagesShort{SizeKiB: 1 << 20, Need: 4, Free: 2, Total: 8}},
		},
		"it does not answer": {func(h *placement.Host) { h.Silent = true }, []placement.VM{vm("a", 1)}, nil, map[string]placement.Reason{"a": placement.Silent{}}},
		"it is gone":         {func(h *placement.Host) { h.Name = "kvm9" }, []placement.VM{vm("a", 1)}, nil, map[string]placement.Reason{"a": placement.UnknownHost{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := kvm1
			if test.change != nil {
				test.change(&host)
			}
			w := placement.World{Hosts: []placement.Host{host, {Name: "kvm2"}, {Name: "kvm3"}}, VMs: test.vms}
			r := placement.Return{Host: "kvm1", Start: test.off}
			for _, vm := range test.vms {
				if vm.Host != "kvm1" && vm.Host != "" && vm.Name != "other" {
					r.Move = append(r.Move, vm.UUID)
				}
			}
			var got map[string]placement.Reason
			for _, s := range placement.PlanReturn(w, r) {
				if got == nil {
					got = map[string]placement.Reason{}
				}
				got[s.VM] = s.Binding
				if s.Host != "kvm1" {
					t.Errorf("%s lacks it on %q", s.VM, s.Host)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlanReturn_most tries every set of VMs: none that fits is larger than what comes back, and that fits.
func TestPlanReturn_most(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 3))
	for range 300 {
		count := 1 + random.IntN(8)
		host := placement.Host{Name: "kvm1", Available: 20, HugePages: map[uint64]placement.HugePages{1: {Total: 20, Free: 12}}}
		w := placement.World{Hosts: []placement.Host{host}}
		r := placement.Return{Host: "kvm1"}
		for i := range count {
			vm := placement.VM{UUID: fmt.Sprint(i), Host: "kvm2", Memory: 1 + random.Uint64N(12)}
			if random.IntN(3) == 0 {
				vm.HugePageKiB, vm.Memory = 1, vm.Memory<<10
			}
			if random.IntN(3) == 0 {
				vm.Group = fmt.Sprint(random.IntN(2))
			}
			w.VMs, r.Move = append(w.VMs, vm), append(r.Move, vm.UUID)
		}
		fits := func(set uint) bool {
			memory, pages, groups := uint64(0), uint64(0), map[string]int{}
			for i, vm := range w.VMs {
				if set>>i&1 == 0 {
					continue
				}
				if vm.HugePageKiB > 0 {
					pages += vm.Memory >> 10
				} else {
					memory += vm.Memory
				}
				if groups[vm.Group]++; vm.Group != "" && groups[vm.Group] > 1 {
					return false
				}
			}
			return memory <= 20 && pages <= 12
		}
		most := 0
		for set := range uint(1) << count {
			if fits(set) {
				most = max(most, bits.OnesCount(set))
			}
		}
		back := uint(1)<<count - 1
		for _, s := range placement.PlanReturn(w, r) {
			var i int
			if _, err := fmt.Sscan(s.VM, &i); err != nil {
				t.Fatal(err)
			}
			back &^= 1 << i
		}
		if !fits(back) {
			t.Fatalf("%b does not fit: %+v", back, w.VMs)
		}
		// A group that is split over ordinary memory and huge pages may cost one.
		if got := bits.OnesCount(back); got < most-1 {
			t.Fatalf("%d of %d come back, %d could: %+v", got, count, most, w.VMs)
		}
	}
}

package placement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// TestLapsed: what comes between a VM and the host that was chosen for it, while its move has a place there.
func TestLapsed(t *testing.T) {
	t.Parallel()
	const gib = 1 << 30
	web := placement.VM{UUID: "web", Name: "web", Host: "kvm1", BoundFor: "kvm2", Memory: 4 * gib, CPUs: 16}
	host := placement.Host{Name: "kvm2", Memory: 8 * gib, Available: 6 * gib, CPUs: 2}
	for name, test := range map[string]struct {
		change func(h *placement.Host, w *placement.World, vm *placement.VM)
		want   placement.Reason
	}{
		"nothing": {func(*placement.Host, *placement.World, *placement.VM) {}, nil},
		"it does not answer": {
			func(h *placement.Host, _ *placement.World, _ *placement.VM) { h.Silent = true }, placement.Silent{},
		},
		"it was cordoned": {
			func(h *placement.Host, _ *placement.World, _ *placement.VM) { h.Cordoned = true }, placement.Cordoned{},
		},
		"it is being emptied": {
			func(h *placement.Host, _ *placement.World, _ *placement.VM) { h.Emptied, h.Cordoned = true, true },
			placement.Emptied{},
		},
		"its memory was taken": {
			func(h *placement.Host, _ *placement.World, _ *placement.VM) { h.Available = 3 * gib },
			placement.MemoryShort{Need: 4 * gib, Room: 3 * gib, Total: 8 * gib},
		},
		"another VM is on its way there": {
			func(_ *placement.Host, w *placement.World, _ *placement.VM) {
				w.VMs = append(w.VMs, placement.VM{UUID: "db", Host: "kvm1", BoundFor: "kvm2", Memory: 3 * gib})
			},
			placement.MemoryShort{Need: 4 * gib, Room: 3 * gib, Total: 8 * gib},
		},
		"most of that VM has arrived": {
			func(_ *placement.Host, w *placement.World, _ *placement.VM) {
				w.VMs = append(w.VMs, placement.VM{UUID: "db", Host: "kvm1", BoundFor: "kvm2", Memory: 3 * gib, Arrived: 2 * gib})
			}, nil,
		},
		"a VM of its group is there": {
			func(_ *placement.Host, w *placement.World, vm *placement.VM) {
				vm.Group = "pair"
				w.VMs = append(w.VMs, placement.VM{UUID: "db", Name: "db", Host: "kvm2", Group: "pair"})
			},
			placement.GroupTaken{Group: "pair", VM: "db"},
		},
		"its huge pages were taken": {
			func(h *placement.Host, _ *placement.World, vm *placement.VM) {
				vm.HugePageKiB, h.HugePages = 2048, map[uint64]placement.HugePages{2048: {Total: 4096, Free: 2000}}
			},
			placement.HugePagesShort{SizeKiB: 2048, Need: 2048, Free: 2000, Total: 4096},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, vm := host, web
			w := placement.World{}
			test.change(&h, &w, &vm)
			w.Hosts, w.VMs = []placement.Host{{Name: "kvm1"}, h}, append(w.VMs, vm)
			if diff := cmp.Diff(test.want, placement.Lapsed(w, vm, "kvm2")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := placement.Lapsed(placement.World{}, web, "kvm2"); got != (placement.UnknownHost{}) {
		t.Errorf("a host that is gone: %v", got)
	}
}

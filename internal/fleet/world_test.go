package fleet

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// domain is one in a state, of 4 GiB, with so many GiB of them taken.
func domain(name string, state migration.DomainState, resident uint64) host.DetailedDomain {
	return host.DetailedDomain{
		VCPUs: 2, ResidentBytes: resident << 30,
		Domain: migration.Domain{UUID: "uuid-" + name, Name: name, State: state, MemoryBytes: 4 << 30},
	}
}

func TestWorldOfWhatHostsSay(t *testing.T) {
	t.Parallel()
	says := func(name string, domains ...host.DetailedDomain) saying {
		return saying{host: placement.Host{Name: name}, domains: domains}
	}
	on := func(name string, resident uint64) placement.VM {
		return placement.VM{
			UUID: "uuid-web", Name: "web", Host: name, Memory: 4 << 30, Resident: resident << 30, CPUs: 2,
		}
	}
	bound := func(vm placement.VM, name string, arrived uint64) placement.VM {
		vm.BoundFor, vm.Arrived = name, arrived<<30
		return vm
	}
	leased := says("kvm2")
	leased.leased = []string{"uuid-web", "uuid-gone"}
	busy := says("kvm1", domain("web", migration.StateRunning, 1))
	busy.loads, busy.pages = map[string]float64{"uuid-web": 1.5}, map[string]uint64{"uuid-web": 2048}
	busyVM := on("kvm1", 4)
	busyVM.Load, busyVM.HugePageKiB = 1.5, 2048
	silent := saying{host: placement.Host{Name: "kvm3", Silent: true}}
	for name, scene := range map[string]struct {
		sayings  []saying
		promised map[string]promise
		want     []placement.VM
		// moves are the hosts that have some, arriving and leaving.
		moves map[string][2]int
	}{
		"a VM that runs": {
			sayings: []saying{says("kvm1", domain("web", migration.StateRunning, 1)), says("kvm2"), silent},
			want:    []placement.VM{on("kvm1", 1)},
		},
		"one that is shut off takes nothing": {
			sayings: []saying{says("kvm1", domain("web", migration.StateShutOff, 0))},
		},
		"what has been left behind is none": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StateShutOff, 0)), says("kvm2", domain("web", migration.StatePaused, 1)),
			},
			want: []placement.VM{on("kvm2", 1)},
		},
		"memory that the host does not tell is all taken": {
			sayings: []saying{says("kvm1", domain("web", migration.StateRunning, 0))},
			want:    []placement.VM{on("kvm1", 4)},
		},
		"load and huge pages": {
			sayings: []saying{busy},
			want:    []placement.VM{busyVM},
		},
		"a migration under way": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StateRunning, 3)), says("kvm2", domain("web", migration.StateIncoming, 2)),
			},
			want:  []placement.VM{bound(on("kvm1", 3), "kvm2", 2)},
			moves: map[string][2]int{"kvm1": {0, 1}, "kvm2": {1, 0}},
		},
		"a migration under way, its destination first": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StateIncoming, 2)), says("kvm2", domain("web", migration.StateRunning, 3)),
			},
			want:  []placement.VM{bound(on("kvm2", 3), "kvm1", 2)},
			moves: map[string][2]int{"kvm1": {1, 0}, "kvm2": {0, 1}},
		},
		"a post-copy under way": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StatePostCopy, 2)),
				says("kvm2", domain("web", migration.StatePostCopySource, 3)),
			},
			want:  []placement.VM{bound(on("kvm2", 3), "kvm1", 2)},
			moves: map[string][2]int{"kvm1": {1, 0}, "kvm2": {0, 1}},
		},
		"a post-copy that has lost its link": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StatePostCopyFailed, 3)),
				says("kvm2", domain("web", migration.StatePostCopyFailed, 2)),
			},
			want:  []placement.VM{bound(on("kvm1", 3), "kvm2", 2)},
			moves: map[string][2]int{"kvm1": {0, 1}, "kvm2": {1, 0}},
		},
		"a post-copy from a host that does not answer": {
			sayings: []saying{silent, says("kvm2", domain("web", migration.StatePostCopy, 2))},
			want:    []placement.VM{on("kvm2", 2)},
		},
		"a migration from a host that does not answer": {
			sayings: []saying{silent, says("kvm2", domain("web", migration.StateIncoming, 2))},
			want:    []placement.VM{bound(on("", 0), "kvm2", 2)},
			moves:   map[string][2]int{"kvm2": {1, 0}},
		},
		"a place that is leased for it": {
			sayings: []saying{says("kvm1", domain("web", migration.StateRunning, 1)), leased},
			want:    []placement.VM{bound(on("kvm1", 1), "kvm2", 0)},
			moves:   map[string][2]int{"kvm1": {0, 1}, "kvm2": {1, 0}},
		},
		"a host that is promised to it": {
			sayings:  []saying{says("kvm1", domain("web", migration.StateRunning, 1)), says("kvm2")},
			promised: map[string]promise{"uuid-web": {host: "kvm2"}, "uuid-gone": {host: "kvm2"}},
			want:     []placement.VM{bound(on("kvm1", 1), "kvm2", 0)},
			moves:    map[string][2]int{"kvm1": {0, 1}, "kvm2": {1, 0}},
		},
		"a promise that is kept": {
			sayings:  []saying{says("kvm1"), says("kvm2", domain("web", migration.StateRunning, 1))},
			promised: map[string]promise{"uuid-web": {host: "kvm2"}},
			want:     []placement.VM{on("kvm2", 1)},
		},
		"a migration counts more than a promise": {
			sayings: []saying{
				says("kvm1", domain("web", migration.StateRunning, 3)), says("kvm2"),
				says("kvm3", domain("web", migration.StateIncoming, 2)),
			},
			promised: map[string]promise{"uuid-web": {host: "kvm2"}},
			want:     []placement.VM{bound(on("kvm1", 3), "kvm3", 2)},
			moves:    map[string][2]int{"kvm1": {0, 1}, "kvm3": {1, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldOf(scene.sayings, scene.promised)
			if diff := cmp.Diff(scene.want, w.VMs); diff != "" {
				t.Errorf("VMs (-want +got):\n%s", diff)
			}
			for _, h := range w.Hosts {
				if got, want := [2]int{h.Arriving, h.Leaving}, scene.moves[h.Name]; got != want {
					t.Errorf("%s: %d arrive and %d leave, want %v", h.Name, h.Arriving, h.Leaving, want)
				}
			}
		})
	}
}

func TestLoadBetweenTwoLooks(t *testing.T) {
	t.Parallel()
	at := time.Now()
	before := cpuTimes{at, 100 * time.Second, map[string]time.Duration{
		"busy": 10 * time.Second, "idle": 20 * time.Second, "again": time.Minute,
	}}
	after := cpuTimes{at.Add(2 * time.Second), 103 * time.Second, map[string]time.Duration{
		"busy": 14 * time.Second, "idle": 20 * time.Second, "again": time.Second, "new": 5 * time.Second,
	}}
	busy, vms := before.until(after)
	if busy != 1.5 {
		t.Errorf("%.1f CPUs are busy, want 1.5", busy)
	}
	if diff := cmp.Diff(map[string]float64{"busy": 2, "idle": 0, "again": 0}, vms); diff != "" {
		t.Errorf("VMs (-want +got):\n%s", diff)
	}
}

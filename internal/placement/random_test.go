package placement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
)

// randomWorld has a few hosts that are about full.
func randomWorld(r *rand.Rand, hosts, vms int) placement.World {
	var w placement.World
	for i := range hosts {
		memory := uint64(8+r.IntN(24)) * gib
		h := placement.Host{
			Name: fmt.Sprintf("h%02d", i), Memory: memory, Available: memory, CPUs: 2 + r.IntN(8), Load: r.Float64() * 2,
			HugePages: map[uint64]placement.HugePages{2048: {Total: 4096, Free: uint64(r.IntN(4096))}},
			Cordoned:  i > 0 && r.IntN(8) == 0, Silent: i > 0 && r.IntN(10) == 0, Emptied: i > 0 && r.IntN(10) == 0,
		}
		if r.IntN(2) == 0 {
			h.Link = uint64(10+r.IntN(90)) << 20
		}
		w.Hosts = append(w.Hosts, h)
	}
	for i := range vms {
		h := &w.Hosts[r.IntN(hosts)]
		vm := placement.VM{
			UUID: fmt.Sprintf("uuid-%03d", i), Name: fmt.Sprintf("vm%03d", i), Host: h.Name, CPUs: 1 + r.IntN(4),
			Memory: uint64(1+r.IntN(8)) * gib, Load: r.Float64(),
		}
		vm.Resident = vm.Memory / uint64(1+r.IntN(3))
		switch r.IntN(12) {
		case 0, 1, 2:
			vm.Group = []string{"db", "web"}[r.IntN(2)]
		case 3:
			vm.HugePageKiB, vm.Memory, vm.Resident = 2048, 2*gib, 0
		case 4:
			vm.Fixed = placement.Refused{Finding: finding("host device")}
		case 5:
			vm.Refused = map[string]fmt.Stringer{w.Hosts[r.IntN(hosts)].Name: finding("CPU")}
		case 6:
			if to := w.Hosts[r.IntN(hosts)].Name; to != h.Name {
				vm.BoundFor, vm.Arrived = to, vm.Memory/4
			}
		}
		h.Available -= min(h.Available, vm.Resident)
		w.VMs = append(w.VMs, vm)
	}
	return w
}

func TestRandomDrains(t *testing.T) {
	t.Parallel()
	moved, stuck, chained := 0, 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := randomWorld(r, 2+r.IntN(5), r.IntN(24))
		d := placement.Drain{Host: "h00", Among: names(w), MakeRoom: r.IntN(2) == 0}
		plan := placement.PlanDrain(w, d)
		for _, v := range placement.Check(w, d, plan) {
			t.Errorf("seed %d: the plan is wrong: %s", seed, v)
		}
		for _, s := range plan.Steps {
			moved++
			if s.Stage > 0 {
				chained++
			}
		}
		stuck += len(plan.Stuck)
		shuffled := placement.World{Hosts: slices.Clone(w.Hosts), VMs: slices.Clone(w.VMs)}
		r.Shuffle(len(w.Hosts), func(i, j int) {
			shuffled.Hosts[i], shuffled.Hosts[j] = shuffled.Hosts[j], shuffled.Hosts[i]
		})
		r.Shuffle(len(w.VMs), func(i, j int) { shuffled.VMs[i], shuffled.VMs[j] = shuffled.VMs[j], shuffled.VMs[i] })
		if diff := cmp.Diff(told(w, plan), told(w, placement.PlanDrain(shuffled, d))); diff != "" {
			t.Errorf("seed %d: the order of hosts and VMs matters (-as it is +shuffled):\n%s", seed, diff)
		}
	}
	t.Logf("%d moves, %d of them after others, %d VMs stuck", moved, chained, stuck)
	if moved < 1000 || stuck < 1000 || chained < 10 {
		t.Error("these worlds try too little")
	}
}

// TestDrainMovesAllWhereThatIsPossible compares with every way to place few VMs.
func TestDrainMovesAllWhereThatIsPossible(t *testing.T) {
	t.Parallel()
	possible, impossible := 0, 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := randomWorld(r, 2+r.IntN(3), 12)
		d := placement.Drain{Host: "h00", Among: names(w)}
		var movers []placement.VM
		for _, vm := range w.VMs {
			if vm.Host == "h00" && vm.Fixed == nil && vm.BoundFor == "" {
				movers = append(movers, vm)
				d.VMs = append(d.VMs, vm.UUID)
			}
		}
		if len(movers) == 0 || len(movers) > 6 {
			continue
		}
		plan := placement.PlanDrain(w, d)
		most := mostMovable(w, d, movers, nil)
		if most == len(movers) {
			possible++
			if len(plan.Stuck) > 0 {
				t.Errorf("seed %d: all could move, but %s", seed, told(w, plan))
			}
		} else {
			impossible++
		}
		if len(plan.Steps) > most {
			t.Errorf("seed %d: at most %d can move, but %s", seed, most, told(w, plan))
		}
	}
	t.Logf("%d possible, %d not", possible, impossible)
	if possible < 200 || impossible < 200 {
		t.Error("these worlds try too little")
	}
}

// mostMovable is how many VMs can move at most, by every way that the checker accepts.
func mostMovable(w placement.World, d placement.Drain, movers []placement.VM, steps []placement.Step) int {
	if len(movers) == 0 {
		return len(steps)
	}
	most := 0
	for _, host := range d.Among {
		with := append(slices.Clone(steps), placement.Step{VM: movers[0].UUID, From: movers[0].Host, To: host})
		only := d
		only.VMs = nil
		for _, s := range with {
			only.VMs = append(only.VMs, s.VM)
		}
		if only.VMs != nil && len(placement.Check(w, only, placement.Plan{Steps: with})) == 0 {
			most = max(most, mostMovable(w, d, movers[1:], with))
		}
	}
	if most == len(movers)+len(steps) {
		return most
	}
	return max(most, mostMovable(w, d, movers[1:], steps))
}

func TestRandomChoicesKeepTheRules(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := randomWorld(r, 2+r.IntN(6), 1+r.IntN(20))
		vm := w.VMs[r.IntN(len(w.VMs))]
		choice := placement.Choose(w, vm, names(w))
		if got, want := len(choice.Candidates)+len(choice.Rejected), len(w.Hosts); got != want {
			t.Fatalf("seed %d: of %d hosts something is said of %d", seed, want, got)
		}
		if vm.BoundFor != "" || vm.Fixed != nil {
			continue
		}
		for i, c := range choice.Candidates {
			d := placement.Drain{Host: vm.Host, Among: names(w), VMs: []string{vm.UUID}}
			plan := placement.Plan{Steps: []placement.Step{{VM: vm.UUID, From: vm.Host, To: c.Host}}}
			if found := placement.Check(w, d, plan); len(found) > 0 {
				t.Errorf("seed %d: candidate %s: %v", seed, c.Host, found)
			}
			if i > 0 && c.Score > choice.Candidates[i-1].Score {
				t.Errorf("seed %d: the candidates are not in order: %v", seed, choice.Candidates)
			}
		}
	}
}

// fleet is 1,000 VMs on 50 hosts.
func fleet() placement.World {
	var w placement.World
	for i := range 50 {
		w.Hosts = append(w.Hosts, placement.Host{
			Name: fmt.Sprintf("h%02d", i), Memory: 256 * gib, Available: 256 * gib, CPUs: 64, Load: float64(i % 20),
		})
	}
	for i := range 1000 {
		h := &w.Hosts[i%50]
		vm := placement.VM{
			UUID: fmt.Sprintf("uuid-%04d", i), Name: fmt.Sprintf("vm%04d", i), Host: h.Name, CPUs: 2, Load: 0.5,
			Memory: uint64(4+i%13) * gib,
		}
		vm.Resident = vm.Memory
		if i%5 == 0 {
			vm.Group = fmt.Sprintf("group%d", i/50)
		}
		h.Available -= vm.Resident
		w.VMs = append(w.VMs, vm)
	}
	return w
}

func BenchmarkChooseForEachOf1000VMs(b *testing.B) {
	w := fleet()
	for b.Loop() {
		for _, vm := range w.VMs {
			placement.Choose(w, vm, names(w))
		}
	}
}

func BenchmarkDrainOfEachOf50Hosts(b *testing.B) {
	w := fleet()
	for b.Loop() {
		for _, h := range w.Hosts {
			if plan := placement.PlanDrain(w, placement.Drain{Host: h.Name, Among: names(w)}); len(plan.Stuck) > 0 {
				b.Fatal(told(w, plan))
			}
		}
	}
}

// BenchmarkDrainOf1000VMs is one host that has all VMs, and 49 that have room for not quite all.
func BenchmarkDrainOf1000VMs(b *testing.B) {
	w := fleet()
	for i := range w.Hosts {
		w.Hosts[i].Memory, w.Hosts[i].Available = 200*gib, 200*gib
	}
	w.Hosts[0].Memory = 16000 * gib
	for i := range w.VMs {
		w.VMs[i].Host = "h00"
	}
	for b.Loop() {
		placement.PlanDrain(w, placement.Drain{Host: "h00", Among: names(w), MakeRoom: true})
	}
}

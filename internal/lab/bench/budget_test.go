//go:build lab

package bench

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// What a plan that finds nothing to change may take for each VM, whatever the machine. Lower them when it gets less.
const (
	callsBudget = 1
	// The framework allocates for each attribute.
	allocationsBudget         = 5_700
	allocationsBudgetPerField = 650
	// privateBudget is in bytes: Terraform writes the private state of all resources for each that it changes.
	privateBudget = 320
)

// TestPlanKeepsToItsBudget counts what a plan takes for each VM beyond what it takes for each host: the difference between
// a large and a small fleet.
func TestPlanKeepsToItsBudget(t *testing.T) {
	world, err := lab.Current()
	must(t, err)
	b := &Bench{World: world, Rounds: 1, Say: t.Logf}
	const small, large = 10, 60
	fewCalls, fewAllocations := counted(t, b, small)
	calls, allocations := counted(t, b, large)
	calls, allocations = (calls-fewCalls)/(large-small), (allocations-fewAllocations)/(large-small)
	t.Logf("for each VM, on %d hosts: %d calls, %d allocations", len(world.Hosts), calls, allocations)
	allowed := allocationsBudget + allocationsBudgetPerField*len(policy.Fields())
	if calls > callsBudget || allocations > allowed {
		t.Errorf("a plan takes %d calls and %d allocations for each VM, want at most %d and %d", calls, allocations, callsBudget, allowed)
	}
}

// counted counts what a plan of so many policies takes: the fewest of some plans, because what else the process does, and
// what pools have lost, only adds to it.
func counted(t *testing.T, b *Bench, vms int) (calls, allocations int) {
	t.Helper()
	f, err := b.newFleet(t.Context(), vms, len(b.World.Hosts))
	defer func() { must(t, f.end(t.Context(), nil)) }()
	must(t, errors.Join(err, f.throughProxies(t.Context(), 0)))
	made := newRun(t, f.uris)
	var mu sync.Mutex
	instances := map[string]*instance{}
	_, err = f.inParallel(func(uuid string) error {
		in, err := made.create(t.Context(), uuid)
		mu.Lock()
		defer mu.Unlock()
		instances[uuid] = in
		return err
	})
	must(t, err)
	made.server.Close()

	calls, allocations = math.MaxInt, math.MaxInt
	for range 3 {
		planned := newRun(t, f.uris)
		f.calls.Take()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = f.inParallel(func(uuid string) error { return planned.plan(t.Context(), instances[uuid]) })
		runtime.ReadMemStats(&after)
		must(t, err)
		planned.server.Close()
		made, byProcedure := f.calls.Take()
		allocated := int(after.Mallocs - before.Mallocs)
		t.Logf("%d VMs: %d allocations, %d calls, by libvirt's procedures %v", vms, allocated, made, byProcedure)
		calls, allocations = min(calls, made), min(allocations, allocated)
	}
	for uuid, in := range instances {
		if size := len(in.private); size > privateBudget {
			t.Errorf("VM %s has %d bytes of private state, want at most %d", uuid, size, privateBudget)
		}
	}
	return calls, allocations
}

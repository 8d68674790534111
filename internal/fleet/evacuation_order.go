package fleet

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// expect is how long moves of the VMs that leave are expected to last, by UUID, as far as that is known. Nothing is
// measured for it, and each VM is asked for its history once.
func (e *evacuator) expect(
	ctx context.Context, m muster, policies map[string]policy.Effective,
) map[string]time.Duration {
	var unasked []host.DetailedDomain
	for _, d := range m.of(e.Host).sorted() {
		p, read := policies[d.UUID]
		if _, known := e.expected[d.UUID]; !known && read && d.Active() && p.Evacuation() == policy.EvacuateLive {
			unasked = append(unasked, d)
		}
	}
	var mu sync.Mutex
	for batch := range slices.Chunk(unasked, recordReaders) {
		each(batch, func(d host.DetailedDomain) struct{} {
			lasts := e.fleet.expected(ctx, e.host, d, policies[d.UUID])
			mu.Lock()
			defer mu.Unlock()
			e.expected[d.UUID] = lasts
			return struct{}{}
		})
	}
	return e.expected
}

// expected is how long a move of a VM is expected to last, to the host that it last went to from here: its link is
// known. 0 where nothing tells.
func (f *Fleet) expected(ctx context.Context, h *host.Host, d host.DetailedDomain, p policy.Effective) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, listLimit)
	defer cancel()
	past := pastOf(ctx, h, d.UUID)
	here, _ := h.UUID(ctx)
	measureFor := time.Duration(0)
	if f.measured.has(d.UUID) {
		measureFor = DefaultMeasurement // it is not measured again
	}
	to, took := lastGone(past, here)
	destination := ""
	for _, other := range f.hosts {
		if uuid, _ := other.UUID(ctx); uuid == to && to != "" {
			destination = other.Name()
		}
	}
	at := Resolution{Location: Location{Host: h.Name(), Domain: d.Domain}, Policy: p}
	made, err := f.forecast(ctx, at, destination, past, measureFor)
	if err != nil || made.Verdict == forecast.Unknown || made.DurationMS == nil {
		return took
	}
	return time.Duration(made.DurationMS.Expected) * time.Millisecond
}

// lastGone is the host, by its UUID, that a VM last went to from one, and how long that took; else the last move
// anywhere, of which the host is not told.
func lastGone(past history.History, from string) (to string, lasted time.Duration) {
	for _, e := range past.Entries {
		if e.Outcome != history.Completed || took(e) == 0 {
			continue
		}
		if e.From.UUID == from && from != "" {
			return e.To.UUID, took(e)
		}
		lasted = cmp.Or(lasted, took(e))
	}
	return "", lasted
}

// took is how long a move took; 0 where that is not known.
func took(e history.Entry) time.Duration {
	if e.Figures == nil {
		return 0
	}
	return time.Duration(e.Figures.DurationMS) * time.Millisecond
}

// pace notes of VMs how long their moves are expected to last: those of which that is not known send their memory at
// the middle pace of the others. Where it is known of none, the size of their memory decides.
func pace(vms []placement.VM, lasts map[string]time.Duration) {
	var paces []float64 // in bytes per second
	for _, vm := range vms {
		if lasts[vm.UUID] > 0 && vm.Memory > 0 {
			paces = append(paces, float64(vm.Memory)/lasts[vm.UUID].Seconds())
		}
	}
	if len(paces) == 0 {
		return
	}
	slices.Sort(paces)
	middle := paces[len(paces)/2]
	for i, vm := range vms {
		vms[i].Lasts = lasts[vm.UUID]
		if vms[i].Lasts == 0 {
			vms[i].Lasts = time.Duration(float64(vm.Memory) / middle * float64(time.Second))
		}
	}
}

// inOrder are VMs in the order in which their moves are started. Those that the world does not have, because they are
// off, come last.
func inOrder(vms []evacuation.VM, w placement.World) []evacuation.VM {
	of := map[string]placement.VM{}
	for _, vm := range w.VMs {
		of[vm.UUID] = vm
	}
	return slices.SortedStableFunc(slices.Values(vms), func(a, b evacuation.VM) int {
		return placement.LongestFirst(of[a.UUID], of[b.UUID])
	})
}

package fleet

import (
	"cmp"
	"context"
	"maps"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/budget"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
)

// others are the VMs that other runs and other tools move from a host and to it. Places tell what they have seen within
// budget.LookAge.
func (f *Fleet) others(ctx context.Context, host string) (budget.Passage, error) {
	out, outErr := f.places.Look(ctx, host, lease.Out)
	in, inErr := f.places.Look(ctx, host, lease.In)
	return budget.Passage{Leaving: f.ofOthers(out), Entering: f.ofOthers(in)}, cmp.Or(outErr, inErr)
}

// ofOthers are the VMs that have a place which this run has not leased.
func (f *Fleet) ofOthers(s lease.Side) map[string]bool {
	vms := map[string]bool{}
	for vm := range s.Running {
		vms[vm] = true
	}
	for _, p := range s.Places {
		if p.Holder.VM != "" {
			vms[p.Holder.VM] = p.Holder.Run != f.run
		}
	}
	maps.DeleteFunc(vms, func(_ string, others bool) bool { return !others })
	return vms
}

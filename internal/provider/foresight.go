package provider

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// foresight is the policy that the plan of a move sees coming. vm is what state or the
// configuration calls the VM.
type foresight struct {
	vm string
	// unsettled is true where the move may start under another policy even so.
	unsettled bool
	// coming is what the run makes of the records that hold for the VM, where known.
	coming func(context.Context, fleet.Location) (coming fleet.Coming, known bool)
	// resolve is the policy that they come to; nil where it cannot be resolved.
	resolve func(context.Context, fleet.Location, fleet.Coming) *policy.Effective

	seen   fleet.Coming
	policy *policy.Effective
}

// at is the policy that will hold for the VM, which is there; nil where it is not known.
func (s *foresight) at(ctx context.Context, l fleet.Location) *policy.Effective {
	coming, known := s.coming(ctx, l)
	if s.policy = nil; known {
		s.seen, s.policy = coming, s.resolve(ctx, l, coming)
	}
	return s.policy
}

// outdated tells whether something else is coming by now than at has seen.
func (s *foresight) outdated(ctx context.Context, l fleet.Location) bool {
	if s.policy == nil {
		return false // it stays unknown
	}
	coming, known := s.coming(ctx, l)
	return !known || !coming.Equal(s.seen)
}

// foresight is that of a move that is being planned. It waits a little for policies whose
// plans have begun.
func (d providerData) foresight(plan moveModel, vm string) *foresight {
	return &foresight{
		vm: vm,
		coming: func(ctx context.Context, l fleet.Location) (fleet.Coming, bool) {
			if d.fleet == nil || l.Host == "" || !plan.known() {
				return fleet.Coming{}, false
			}
			return d.changes.Coming(ctx, instance.Move{VM: vm, Location: l}, instance.Settle)
		},
		resolve: func(ctx context.Context, l fleet.Location, coming fleet.Coming) *policy.Effective {
			effective, err := d.fleet.Foresee(ctx, l, plan.toPolicy(), coming)
			if err != nil {
				return nil // the checks of the move report what cannot be resolved
			}
			return &effective
		},
	}
}

package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// plannedMove is where a planned move comes from, and under which policy.
type plannedMove struct{ source, digest types.String }

// set writes it into a plan.
func (m plannedMove) set(ctx context.Context, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	diags := resp.Plan.SetAttribute(ctx, path.Root("source"), m.source)
	diags.Append(resp.Plan.SetAttribute(ctx, path.Root("policy_digest"), m.digest)...)
	return diags
}

// planCreate plans the move of a VM that was not managed before. What is known of it is
// unknown while a migration is under way: that may have ended when Terraform plans again
// in the apply, and a known value must be the same then.
func (r *liveMigrationResource) planCreate(ctx context.Context, plan liveMigrationModel) (plannedMove, diag.Diagnostics) {
	vm := plan.VM.ValueString()
	seen := r.foresight(plan, vm)
	location, underWay, diags := r.assess(ctx, plan, seen, "")
	if location.Host != "" && location.Host == plan.Destination.ValueString() && !underWay {
		return plannedMove{types.StringNull(), types.StringNull()}, diags
	}
	digest, more := r.planned(ctx, seen, location)
	diags.Append(more...)
	if location.Host == "" || plan.Destination.IsUnknown() || underWay {
		return plannedMove{types.StringUnknown(), types.StringUnknown()}, diags
	}
	return plannedMove{types.StringValue(location.Host), digest}, diags
}

// foresight is the policy that the plan of a move sees coming, looked for once. vm is
// what state or the configuration calls the VM.
type foresight struct {
	vm   string
	look func(context.Context, fleet.Location) *policy.Effective

	looked bool
	policy *policy.Effective
}

// at is the policy that will hold for the VM, which is there; nil where it is not known.
func (s *foresight) at(ctx context.Context, l fleet.Location) *policy.Effective {
	if !s.looked {
		s.looked, s.policy = true, s.look(ctx, l)
	}
	return s.policy
}

// foresight is that of a move that is being planned.
func (r *liveMigrationResource) foresight(plan liveMigrationModel, vm string) *foresight {
	return &foresight{vm: vm, look: func(ctx context.Context, l fleet.Location) *policy.Effective {
		if r.fleet == nil || l.Host == "" || !plan.known() {
			return nil
		}
		coming, known := r.changes.Coming(ctx, instance.Move{VM: vm, Location: l})
		if !known {
			return nil
		}
		effective, err := r.fleet.Foresee(ctx, l, plan.toPolicy(), coming)
		if err != nil {
			return nil // the checks of the move report what cannot be resolved
		}
		return &effective
	}}
}

// planned is the digest of the policy that the plan of a move sees coming, and warns of
// policies that change in the same plan and that the move does not depend on. When
// Terraform plans again in the apply, the digest is the same or Terraform refuses the
// move: it does not let a provider know in the apply what it has planned.
func (r *liveMigrationResource) planned(ctx context.Context, seen *foresight, l fleet.Location) (types.String, diag.Diagnostics) {
	digest := types.StringUnknown()
	m := instance.Move{VM: seen.vm, Location: l, Policy: seen.at(ctx, l)}
	if m.Policy != nil {
		digest = types.StringValue(m.Policy.Digest())
	}
	var diags diag.Diagnostics
	if changes := r.changes.MovePlanned(m); len(changes) > 0 {
		diags.Append(warned(explain.Independent(independences(changes, m)...))...)
	}
	return digest, diags
}

// policyWait is how long a move waits for the policy that its plan saw coming.
const policyWait = 30 * time.Second

// noPolicy is the digest of none: a move that has to be under it is refused.
const noPolicy = "none"

// moveUnderPlanned moves the VM once the policy that the plan saw coming holds for it.
// It waits while no slot or lock is taken, for what Terraform does already beside it.
func (r *liveMigrationResource) moveUnderPlanned(ctx context.Context, vm string, move fleet.Move) (fleet.Moved, error) {
	waiting, cancel := context.WithTimeout(ctx, policyWait)
	defer cancel()
	for {
		unwritten := r.changes.Await(waiting, vm)
		if move.PolicyDigest == "" && len(unwritten) > 0 {
			move.PolicyDigest = noPolicy
		}
		moved, err := r.fleet.Move(ctx, move, logProgress(ctx))
		var other *fleet.OtherPolicyError
		if !errors.As(err, &other) || len(unwritten) > 0 || !r.changes.Pending(vm) {
			return moved, err
		}
	}
}

// otherPolicy is the diagnostic of a move that was refused for its policy; nil where it
// was not.
func (r *liveMigrationResource) otherPolicy(vm string, err error) diag.Diagnostic {
	var other *fleet.OtherPolicyError
	if !errors.As(err, &other) {
		return nil
	}
	m, changes, _ := r.changes.MoveOf(vm)
	return failed(explain.OtherPolicy(other, m.Policy, independences(changes, m)), path.Root("vm"))
}

// digestOf is the digest in state after an apply: what was planned, or else what the VM
// was moved under; before is the one of the move before it.
func digestOf(planned types.String, r migration.Report, before types.String) types.String {
	switch {
	case !planned.IsUnknown():
		return planned
	case r.Moved:
		return types.StringValue(r.Policy.Digest())
	}
	return before
}

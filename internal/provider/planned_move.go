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

// planCreate plans the move of a VM that was not managed before. Whether the VM runs makes no
// difference: it may be started or shut off until Terraform plans again in the apply, and
// what is known must be the same then. So nothing is known while a migration is under way.
func (r *liveMigrationResource) planCreate(
	ctx context.Context, plan liveMigrationModel,
) (plannedMove, diag.Diagnostics) {
	among, diags := r.candidates(ctx, plan.openMoveModel, instance.Settle)
	seen := r.foresight(plan.moveModel, plan.VM.ValueString())
	checked := r.check(ctx, plan, among, seen, "")
	checked.diags = append(diags, checked.diags...)
	switch {
	case checked.there():
		return plannedMove{types.StringNull(), types.StringNull()}, checked.diags
	case checked.underWay || checked.location.Host == "":
		return plannedMove{types.StringUnknown(), types.StringUnknown()}, checked.diags
	case checked.left:
		checked.digest = digest(seen.at(ctx, checked.location))
	}
	return plannedMove{types.StringValue(checked.location.Host), checked.digest}, checked.diags
}

// planUpdate plans the move of a VM that is on no host that it may be on now, as far as that is
// known. A VM that is left where it is shut off is planned as if it ran.
func (r *liveMigrationResource) planUpdate(
	ctx context.Context, plan, state liveMigrationModel, among candidates,
) (plannedMove, checkedMove) {
	seen := r.foresight(plan.moveModel, state.UUID.ValueString())
	checked := r.check(ctx, plan, among, seen, state.Destination.ValueString())
	if checked.there() || checked.left { // it was moved since it was read, or stays
		checked.digest = digest(seen.at(ctx, checked.location))
	}
	source := state.Destination
	if plan.Destination.IsUnknown() || plan.chosen() && !among.known {
		source = types.StringUnknown() // it may turn out to be where the VM is
	}
	return plannedMove{source, checked.digest}, checked
}

// checkedMove is a planned move after its checks.
type checkedMove struct {
	// nowhere is set where none of the candidates can take the VM; diags have it, too.
	nowhere *fleet.NoDestinationError
	// asked is the move with its destination: the one that would be chosen now, where that is to be chosen.
	asked       fleet.Move
	destination string
	// cluster is the one that the destination is chosen from; empty where it is not.
	cluster string
	// location is where the VM is; empty where that was not seen.
	location fleet.Location
	// underWay is true while a migration to the destination is.
	underWay bool
	// left is true for a VM that is shut off and stays where it is.
	left bool
	// digest is that of the policy under which the move was checked.
	digest types.String
	diags  diag.Diagnostics
}

// closed tells whether nothing but cordons keeps the plan from a move: the VM moves once a host is open.
func (c checkedMove) closed() bool {
	return c.nowhere != nil && c.nowhere.Closed() && c.diags.ErrorsCount() == 1
}

// there tells whether the VM is on its destination already.
func (c checkedMove) there() bool {
	return c.location.Host != "" && c.location.Host == c.destination && !c.underWay
}

// move is the planned move; p is the policy that its plan saw coming, or nil.
func (c checkedMove) move(vm string, p *policy.Effective) instance.Move {
	return instance.Move{VM: vm, Cluster: c.cluster, Location: c.location, Policy: p}
}

// digest is the digest of a policy; unknown where that is nil.
func digest(p *policy.Effective) types.String {
	if p == nil {
		return types.StringUnknown()
	}
	return types.StringValue(p.Digest())
}

// mostChecks is how often the plan of a move is checked where policies register meanwhile.
const mostChecks = 2

// check checks a planned move under the policy that is seen coming, and warns of policies
// that change in the same plan and that the move does not depend on. Where another policy
// is coming by the end, it checks once more; where that repeats, the digest is unknown.
// When Terraform plans again in the apply, the digest is the same or Terraform refuses
// the move: in the apply a provider does not get what it has planned (Terraform 1.16 sends
// it, as PlannedPrivate, and the framework does not pass that on).
func (r *liveMigrationResource) check(
	ctx context.Context, plan liveMigrationModel, among candidates, seen *foresight, last string,
) checkedMove {
	for checks := 1; ; checks++ {
		checked, changes := r.checkOnce(ctx, plan, among, seen, last)
		// Policies that register from here on see the move, and warn of it themselves.
		if checked.left {
			return checked
		}
		outdated := !checked.there() && seen.outdated(ctx, checked.location)
		if outdated && checks < mostChecks {
			continue
		}
		m, foreseen := checked.move(seen.vm, nil), explain.ForeseenUnknown
		switch {
		case outdated:
			checked.digest, changes = types.StringUnknown(), r.changes.MovePlanned(m)
		case seen.policy != nil:
			foreseen = explain.ForeseenWith
		}
		if len(changes) > 0 {
			checked.diags.Append(warned(explain.Independent(independences(changes, m, foreseen)...))...)
		}
		if !checked.there() && !checked.diags.HasError() {
			checked.diags.Append(foretell(ctx, r.fleet, seen, checked.asked, checked.location, plan.Forecast)...)
		}
		return checked
	}
}

// checkOnce is one round of check.
func (r *liveMigrationResource) checkOnce(
	ctx context.Context, plan liveMigrationModel, among candidates, seen *foresight, last string,
) (checkedMove, []instance.Change) {
	ifShutOff := fleet.IfShutOff(plan.IfShutOff.ValueString())
	p := plan.assess(ctx, r.fleet, among, seen, last, ifShutOff)
	p.diags.Append(plan.want(r.fleet, p.Location.Domain.UUID)...)
	checked := checkedMove{
		asked: p.Move, destination: p.Move.Destination, cluster: among.Cluster, location: p.Location, underWay: p.Running,
		digest: digest(seen.policy), left: p.Move.Leaves(p.Location), nowhere: p.nowhere, diags: p.diags,
	}
	if checked.there() || checked.left {
		return checked, nil
	}
	return checked, r.changes.MovePlanned(checked.move(seen.vm, seen.policy))
}

// policyWait is how long a move waits for the policy that its plan saw coming.
const policyWait = 30 * time.Second

// noPolicy is the digest of none: a move that has to be under it is refused.
const noPolicy = "none"

// moveUnderPlanned moves the VM once the policy that the plan saw coming holds for it.
// It waits while no slot or lock is taken, for what Terraform does already beside it. What
// is not over by the end of the wait refuses the move.
func (r *liveMigrationResource) moveUnderPlanned(
	ctx context.Context, vm string, move fleet.Move, wait time.Duration, tell func(fleet.Progress),
) (fleet.Moved, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		over := r.changes.Await(waiting, vm)
		if move.PolicyDigest == "" && !over {
			move.PolicyDigest = noPolicy
		}
		moved, err := r.fleet.Move(ctx, move, tell)
		var other *fleet.OtherPolicyError
		if !errors.As(err, &other) || !over || !r.changes.Pending(vm) {
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
	return failed(explain.OtherPolicy(other, m.Policy, independences(changes, m, explain.ForeseenUnknown)),
		path.Root("vm"))
}

// digestOf is the digest in state after an apply: what was planned, or else what the VM
// was moved under; before is the one of the move before it.
func digestOf(planned types.String, r migration.Report, before types.String) types.String {
	switch {
	case !planned.IsUnknown():
		return planned
	case r.Moved && !r.Definition: // no policy has a part in a move of a definition
		return types.StringValue(r.Policy.Digest())
	}
	return before
}

package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// endPlan notes what the plan of a policy resource, which began as the record was,
// comes to. It warns of moves that do not depend on what it changes.
func (r *resourceBase) endPlan(
	began instance.Record, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
	parts func() []instance.Change,
) {
	same := !req.State.Raw.IsNull() && resp.Plan.Raw.Equal(req.State.Raw)
	if resp.Diagnostics.HasError() || same {
		r.changes.Stays(began)
		return
	}
	changes := parts()
	resp.Diagnostics.Append(independentMoves(changes[0], r.changes.Plans(began, changes...))...)
}

// independentMoves warns of moves that do not depend on a change of a policy.
func independentMoves(change instance.Change, moves []instance.Move) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, m := range moves {
		foreseen := explain.ForeseenUnknown
		if m.Policy != nil {
			foreseen = explain.ForeseenWithout
		}
		diags.Append(warned(explain.Independent(independences([]instance.Change{change}, m, foreseen)...))...)
	}
	return diags
}

// independences are the facts of a move and of changes of policies that do not depend
// on one another.
func independences(changes []instance.Change, m instance.Move, foreseen explain.Foreseen) []explain.Independence {
	vm := m.VM
	if m.Location.Domain.Name != "" {
		vm = m.Location.Domain.Name
	}
	facts := make([]explain.Independence, len(changes))
	for i, change := range changes {
		facts[i] = explain.Independence{
			VM: vm, Level: change.Level, Of: change.Of, Foreseen: foreseen,
			Removed: change.Removed, Unwritten: change.Unwritten, Failed: change.Failed,
		}
		if change.Level == policy.OriginVM && change.Of != "" {
			facts[i].Of = vm // it may be the UUID
		}
	}
	return facts
}

// beginRead notes that Terraform has begun to ask for a policy resource, of which only
// what is read without an error is planned next.
func (r *resourceBase) beginRead(record instance.Record, resp *resource.ReadResponse) (end func()) {
	r.changes.Begins(record)
	return func() {
		if resp.Diagnostics.HasError() || resp.State.Raw.IsNull() {
			r.changes.Stays(record)
		}
	}
}

package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// ModifyPlan checks the hosts, plans no drift, which makes any drift an update in
// place, and plans the ID after the name.
func (r *hostRecordResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	// What cannot be read is reported by plan.
	state, plan := r.model(), r.model()
	began := state.record
	if req.State.Raw.IsNull() {
		_ = getModel(ctx, req.Plan, plan)
		began = plan.record
	} else {
		_ = getModel(ctx, req.State, state)
	}
	remembered, _ := instance.Recall(ctx, req.Private)
	r.changes.Begins(began())
	held := r.plan(ctx, req, resp)
	r.endPlan(began(), req, resp, func() []instance.Change {
		if req.Plan.Raw.IsNull() {
			return []instance.Change{removalOf(state, remembered)}
		}
		resp.Diagnostics.Append(getModel(ctx, resp.Plan, plan)...)
		return changesOf(plan, state, remembered)
	})
	if resp.Diagnostics.HasError() {
		return
	}
	// Moves have seen the change by now: they do not wait for what this waits for.
	act := "Create "
	if !req.State.Raw.IsNull() {
		act = "Update "
	}
	refused := r.awaitRelease(ctx, act+r.object, held)
	if refused.HasError() {
		r.changes.Writes(plan.record())(false) // an apply makes this plan again, and ends with that
	}
	resp.Diagnostics.Append(refused...)
}

// changesOf is what a plan makes of a record on hosts: some get it, and those that have
// it no longer lose it.
func changesOf(plan, state hostRecord, remembered instance.Memory) []instance.Change {
	hosts := plan.attributes().Hosts
	change := instance.Change{Record: plan.record(), Policy: plan.toPolicy()}
	if change.Unknown = !plan.known() || hosts.IsNull() || !whollyKnown(hosts); change.Unknown {
		return []instance.Change{change}
	}
	change.Hosts = namesIn(hosts)
	lost := removalOf(state, remembered)
	lost.Record = change.Record
	if lost.Hosts = without(lost.Hosts, change.Hosts); len(lost.Hosts) == 0 {
		return []instance.Change{change}
	}
	return []instance.Change{change, lost}
}

// removalOf is the removal of a record from the hosts that have it.
func removalOf(state hostRecord, remembered instance.Memory) instance.Change {
	hosts := append(namesIn(state.attributes().Hosts), fleet.NamesOf(remembered.Hosts)...)
	slices.Sort(hosts)
	return instance.Change{Record: state.record(), Removed: true, Hosts: slices.Compact(hosts)}
}

// plan makes the plan, and returns the hosts that it found in other clusters.
func (r *hostRecordResource) plan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) []*fleet.HeldError {
	own, diags := r.notePlan(ctx, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		r.planDestroy(ctx, req)
		return nil
	}
	config, plan := r.model(), r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Config, config)...)
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	if resp.Diagnostics.HasError() {
		return nil
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), plan.name())...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("drift"), driftMap(nil))...)
	hosts := r.planHosts(ctx, config.attributes().Hosts, resp)
	if resp.Diagnostics.HasError() {
		return nil
	}
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.claimHosts(remembered, plan.record(), hosts)...)
	if resp.Diagnostics.HasError() {
		return nil
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("unseen_hosts"), unseenHosts(nil))...)
		replaces, held, diags := r.planCreate(ctx, own, plan, hosts)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), replaces)...)
		return held
	}
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), state.attributes().Replaces)...)
	planRemoval(ctx, remembered, state.attributes().Hosts, hosts, resp)
	planOwner(ctx, req, resp)
	had := removalOf(state, remembered).Hosts
	held, diags := r.planJoining(ctx, remembered.Claim(plan.declaration()), plan.known(), had, hosts)
	resp.Diagnostics.Append(diags...)
	return held
}

// planDestroy tells others of the hosts that the destroy of a cluster takes out of it.
func (r *hostRecordResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest) {
	state := r.model()
	if diags := getModel(ctx, req.State, state); diags.HasError() {
		return // the destroy reports it
	}
	remembered, _ := instance.Recall(ctx, req.Private)
	if removal := removalOf(state, remembered); removal.Level == policy.OriginCluster {
		r.changes.Leave(removal.Hosts)
	}
}

// planHosts is the hosts that are to have the record: all hosts of the provider where
// the configuration names none. While the fleet is unknown, they are as configured.
func (r *hostRecordResource) planHosts(
	ctx context.Context, configured types.Set, resp *resource.ModifyPlanResponse,
) types.Set {
	if r.fleet == nil {
		return configured
	}
	hosts := configured
	if configured.IsNull() {
		hosts = hostSet(r.fleet.Names())
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("hosts"), hosts)...)
	}
	resp.Diagnostics.Append(checkHosts(r.fleet, hosts, path.Root("hosts"))...)
	return hosts
}

// planCreate is planReplaces for a record on hosts, with those that are in other clusters and
// its diagnostics.
func (r *hostRecordResource) planCreate(
	ctx context.Context, own string, plan hostRecord, hosts types.Set,
) (replaces types.String, held []*fleet.HeldError, diags diag.Diagnostics) {
	if r.fleet == nil || !plan.known() || !whollyKnown(hosts) {
		return types.StringUnknown(), nil, nil
	}
	var seen fleet.Inspection
	declaration := plan.declaration()
	inspect := func(d fleet.Declaration) (err error) {
		seen, err = r.fleet.Inspect(ctx, d, namesIn(hosts))
		return err
	}
	replaces, diags, err := r.planReplaces(ctx, declaration.String(), own, declaration, inspect)
	if err != nil {
		diags.Append(diagnoseRead(r.fleet, "Create "+r.object, err, path.Root("hosts"))...)
		return types.StringNull(), nil, diags
	}
	diags.Append(unreachableWarning(seen.Unseen)...)
	return replaces, seen.Held, diags
}

// planJoining looks at hosts that an update adds to those that have the record, and tells
// others of those that it takes out. It returns those that are in other clusters.
func (r *hostRecordResource) planJoining(
	ctx context.Context, d fleet.Declaration, known bool, had []string, hosts types.Set,
) ([]*fleet.HeldError, diag.Diagnostics) {
	if r.fleet == nil || !whollyKnown(hosts) {
		return nil, nil
	}
	want := namesIn(hosts)
	if d.Cluster != "" {
		r.changes.Leave(without(had, want))
	}
	joining := without(want, had)
	if !known || len(joining) == 0 {
		return nil, nil
	}
	seen, err := r.fleet.InspectJoining(ctx, d, joining, want)
	if err != nil {
		return nil, diagnoseRead(r.fleet, "Update "+r.object, err, path.Root("hosts"))
	}
	return seen.Held, unreachableWarning(seen.Unseen)
}

// awaitRelease is what a plan says of hosts that are to get a record and are in other
// clusters. One is an error unless the same plan takes it out of its cluster.
func (r *hostRecordResource) awaitRelease(ctx context.Context, act string, held []*fleet.HeldError) diag.Diagnostics {
	var diags diag.Diagnostics
	names := make([]string, len(held))
	for i, h := range held {
		names[i] = h.Host
	}
	releases := r.changes.Releases(ctx, names)
	for _, h := range held {
		switch releases[h.Host] {
		case instance.Kept:
			diags.Append(diagnose(act, h, hostPath(h.Host)))
		case instance.ReleaseUnknown:
			diags.Append(warnedAt(hostPath(h.Host), explain.HeldElsewhere(h)))
		case instance.Released:
		}
	}
	return diags
}

// planRemoval plans an update where a copy is left on a host that the plan does not
// have. A host may have drifted out of the attribute "hosts" before it left the
// configuration: then no attribute differs, and Terraform would plan nothing. So the ID
// becomes unknown.
func planRemoval(ctx context.Context, m instance.Memory, state, plan types.Set, resp *resource.ModifyPlanResponse) {
	if plan.IsUnknown() || !plan.Equal(state) {
		return
	}
	watched := slices.DeleteFunc(slices.Clone(m.Hosts), func(h fleet.Member) bool { return h.LetGo })
	left := without(fleet.NamesOf(watched), namesIn(plan))
	if len(left) == 0 {
		return
	}
	resp.Diagnostics.Append(warnedAt(path.Root("hosts"), explain.LeftBehind(left)))
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), types.StringUnknown())...)
}

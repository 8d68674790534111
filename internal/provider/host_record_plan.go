package provider

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
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
func (r *hostRecordResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
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
	r.plan(ctx, req, resp)
	r.endPlan(began(), req, resp, func() []instance.Change {
		if req.Plan.Raw.IsNull() {
			return []instance.Change{removalOf(state, remembered)}
		}
		resp.Diagnostics.Append(getModel(ctx, resp.Plan, plan)...)
		return changesOf(plan, state, remembered)
	})
}

// changesOf is what a plan makes of a record on hosts: some get it, and those that have
// it no longer lose it.
func changesOf(plan, state hostRecord, remembered instance.Memory) []instance.Change {
	hosts := plan.attributes().Hosts
	change := instance.Change{Record: plan.record(), Policy: plan.toPolicy()}
	if change.Unknown = !plan.known() || hosts.IsNull() || !wholly(hosts); change.Unknown {
		return []instance.Change{change}
	}
	change.Hosts = hostNames(hosts)
	lost := removalOf(state, remembered)
	lost.Record = change.Record
	if lost.Hosts = without(lost.Hosts, change.Hosts); len(lost.Hosts) == 0 {
		return []instance.Change{change}
	}
	return []instance.Change{change, lost}
}

// removalOf is the removal of a record from the hosts that have it.
func removalOf(state hostRecord, remembered instance.Memory) instance.Change {
	hosts := append(hostNames(state.attributes().Hosts), fleet.NamesOf(remembered.Hosts)...)
	slices.Sort(hosts)
	return instance.Change{Record: state.record(), Removed: true, Hosts: slices.Compact(hosts)}
}

func (r *hostRecordResource) plan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	own, diags := r.notePlan(ctx, req)
	resp.Diagnostics.Append(diags...)
	if req.Plan.Raw.IsNull() {
		r.planDestroy(ctx, req)
		return
	}
	config, plan := r.model(), r.model()
	resp.Diagnostics.Append(getModel(ctx, req.Config, config)...)
	resp.Diagnostics.Append(getModel(ctx, req.Plan, plan)...)
	resp.Diagnostics.Append(validatePolicy(config.toPolicy())...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), plan.name())...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("drift"), driftMap(nil))...)
	hosts := r.planHosts(ctx, config.attributes().Hosts, resp)
	if resp.Diagnostics.HasError() {
		return
	}
	remembered, diags := instance.Recall(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(r.claimHosts(remembered, plan.record(), hosts)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("unseen_hosts"), unseenHosts(nil))...)
		replaces, diags := r.planCreate(ctx, own, plan, hosts)
		resp.Diagnostics.Append(diags...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), replaces)...)
		return
	}
	state := r.model()
	resp.Diagnostics.Append(getModel(ctx, req.State, state)...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("replaces"), state.attributes().Replaces)...)
	planRemoval(ctx, remembered, state.attributes().Hosts, hosts, resp)
	planOwner(ctx, req, resp)
	had := removalOf(state, remembered).Hosts
	resp.Diagnostics.Append(r.planJoining(ctx, remembered.Claim(plan.declaration()), plan.known(), had, hosts)...)
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
	resp.Diagnostics.Append(checkHosts(r.fleet, hosts)...)
	return hosts
}

// planCreate is planReplaces for a record on hosts, with its diagnostics.
func (r *hostRecordResource) planCreate(
	ctx context.Context, own string, plan hostRecord, hosts types.Set,
) (types.String, diag.Diagnostics) {
	if r.fleet == nil || !plan.known() || !wholly(hosts) {
		return types.StringUnknown(), nil
	}
	var seen fleet.Inspection
	declaration := plan.declaration()
	replaces, diags, err := r.planReplaces(ctx, declaration.String(), own, declaration, func(d fleet.Declaration) (err error) {
		seen, err = r.fleet.Inspect(ctx, d, hostNames(hosts))
		return err
	})
	if err != nil {
		diags.Append(diagnoseRead(r.fleet, "Create "+r.object, err, path.Root("hosts"))...)
		return types.StringNull(), diags
	}
	diags.Append(r.inspected(ctx, "Create "+r.object, seen)...)
	return replaces, diags
}

// planJoining looks at hosts that an update adds to those that have the record, and tells
// others of those that it takes out.
func (r *hostRecordResource) planJoining(
	ctx context.Context, d fleet.Declaration, known bool, had []string, hosts types.Set,
) diag.Diagnostics {
	if r.fleet == nil || !wholly(hosts) {
		return nil
	}
	want := hostNames(hosts)
	if d.Cluster != "" {
		r.changes.Leave(without(had, want))
	}
	joining := without(want, had)
	if !known || len(joining) == 0 {
		return nil
	}
	act := "Update " + r.object
	seen, err := r.fleet.InspectJoining(ctx, d, joining, want)
	if err != nil {
		return diagnoseRead(r.fleet, act, err, path.Root("hosts"))
	}
	return r.inspected(ctx, act, seen)
}

// inspected is what a plan says of hosts that are to get a record. One that is in another
// cluster is an error unless the same plan takes it out of that.
func (r *hostRecordResource) inspected(ctx context.Context, act string, seen fleet.Inspection) diag.Diagnostics {
	diags := unreachableWarning(seen.Unseen)
	held := make([]string, len(seen.Held))
	for i, h := range seen.Held {
		held[i] = h.Host
	}
	releases := r.changes.Releases(ctx, held)
	for _, h := range seen.Held {
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

// wholly tells whether a set and all its elements are known.
func wholly(set types.Set) bool {
	return !set.IsUnknown() && !slices.ContainsFunc(set.Elements(), attr.Value.IsUnknown)
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
	left := without(fleet.NamesOf(watched), hostNames(plan))
	if len(left) == 0 {
		return
	}
	resp.Diagnostics.Append(warnedAt(path.Root("hosts"), explain.LeftBehind(left)))
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), types.StringUnknown())...)
}

package provider

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// openMoveModel is a move that may leave its destination open: one of any of several hosts,
// or of a cluster. Its Destination is the configuration's, and null where it is to be chosen.
type openMoveModel struct {
	moveModel
	Destinations types.Set    `tfsdk:"destinations"`
	Cluster      types.String `tfsdk:"cluster"`
}

// The texts of the attributes of which a move has exactly one.
const (
	openDestinationDescription = moveDestinationDescription + " Exactly one of `destination`, `destinations` and " +
		"`cluster` is needed."
	destinationsDescription = "Hosts of which any will do: keys of `hosts` in the provider's configuration. A VM that " +
		"is on one of them stays there. Else the best of them is chosen when the move starts: by the memory and the CPUs " +
		"that are left, VMs on their way counted, by other moves, and by what the checks of a move find."
	clusterDescription = "Name of a cluster of which any host will do, as with `destinations`: those that have the " +
		"record of this cluster's policy (`virt_cluster_migration_policy`) when the move starts."
)

// chosen tells whether the destination is to be chosen.
func (m openMoveModel) chosen() bool { return m.Destination.IsNull() }

// at is the attribute that says where the VM is to be.
func (m openMoveModel) at() path.Path {
	switch {
	case !m.chosen():
		return path.Root("destination")
	case m.Cluster.IsNull():
		return path.Root("destinations")
	}
	return path.Root("cluster")
}

// validate checks that there is exactly one answer to where the VM is to be, as far as it is
// known, and what else is written on one level.
func (m openMoveModel) validate() diag.Diagnostics {
	diags := m.moveModel.validate()
	var given []string
	unknown := false
	for _, attribute := range []struct {
		name          string
		null, unknown bool
	}{
		{"destination", m.Destination.IsNull(), m.Destination.IsUnknown()},
		{"destinations", m.Destinations.IsNull(), m.Destinations.IsUnknown()},
		{"cluster", m.Cluster.IsNull(), m.Cluster.IsUnknown()},
	} {
		unknown = unknown || attribute.unknown
		if !attribute.null && !attribute.unknown {
			given = append(given, attribute.name)
		}
	}
	switch {
	case len(given) > 1:
		diags.Append(failed(explain.SeveralDestinations(given), path.Root(given[1])))
	case len(given) == 0 && !unknown:
		diags.Append(failed(explain.MissingDestination()))
	}
	return diags
}

// move is the request for the fleet.
func (m openMoveModel) move(vm, last string) (fleet.Move, diag.Diagnostics) {
	move, _ := m.moveModel.move(vm, last)
	if m.chosen() {
		move.Among = fleet.Candidates{Hosts: namesIn(m.Destinations), Cluster: m.Cluster.ValueString()}
	}
	return move, m.validate()
}

// candidates are the hosts of which a plan knows that any will do.
type candidates struct {
	fleet.Candidates

	// known is false where they are not known yet.
	known bool
	// silent are hosts that did not say whether they are.
	silent []string
}

// has tells whether a host is one of them, as far as that is known. A VM is not planned to leave
// a host because it does not answer.
func (c candidates) has(host types.String) bool {
	return c.known && slices.Contains(c.Hosts, host.ValueString()) || slices.Contains(c.silent, host.ValueString())
}

// candidates are those of a move that is being planned. It waits so long for policies of
// clusters whose plans have begun. A cluster that no host is in may be made by the same apply.
func (d providerData) candidates(
	ctx context.Context, plan openMoveModel, wait time.Duration,
) (candidates, diag.Diagnostics) {
	var c candidates
	if !plan.chosen() || !whollyKnown(plan.Destinations) || plan.Cluster.IsUnknown() {
		return c, nil
	}
	c.Hosts, c.Cluster = namesIn(plan.Destinations), plan.Cluster.ValueString()
	switch {
	case c.Cluster == "" && d.fleet == nil:
		c.known = len(c.Hosts) > 0
		return c, nil
	case c.Cluster == "":
		diags := checkHosts(d.fleet, plan.Destinations, path.Root("destinations"))
		c.known = len(c.Hosts) > 0 && !diags.HasError()
		return c, diags
	case d.fleet == nil:
		return c, nil
	}
	present, unseen, err := d.fleet.ClusterHosts(ctx, c.Cluster)
	if err != nil {
		return c, clusterError(d.fleet, err)
	}
	diags := unreachableWarning(unseen)
	c.silent = fleet.Silent(unseen)
	c.Hosts, c.known = d.changes.Members(ctx, c.Cluster, present, wait)
	if c.known && len(c.Hosts) == 0 {
		c.known = false
		diags.Append(warnedAt(path.Root("cluster"), explain.NoCluster(c.Cluster)))
	}
	return c, diags
}

// clusterError is why a plan does not know the hosts of a cluster. An unreadable record may be
// repaired by the same apply.
func clusterError(f *fleet.Fleet, err error) diag.Diagnostics {
	if fleet.Unreadable(err) {
		return warned(explain.Unreadable(err))
	}
	return diagnoseRead(f, "Read Cluster", err, path.Root("cluster"))
}

// planned is a move as its plan sees it.
type planned struct {
	fleet.Planned

	// nowhere is set where none of the candidates can take the VM; diags have it, too.
	nowhere *fleet.NoDestinationError
	diags   diag.Diagnostics
}

// assess checks the move in the plan: what cannot change before the apply is an
// error, what may change is a warning. A VM that does not exist yet may be created in
// the same apply, unless it is managed: last is the host that it was read on. It returns
// where the VM is, if that was seen, where it goes, and the findings. The move is checked under
// the policy that is seen coming.
func (m openMoveModel) assess(
	ctx context.Context, f *fleet.Fleet, among candidates, seen *foresight, last string, ifShutOff fleet.IfShutOff,
) planned {
	var p planned
	if f == nil || m.Destination.IsUnknown() || m.chosen() && !among.known {
		return p
	}
	if !m.chosen() {
		if err := f.Check(m.Destination.ValueString()); err != nil {
			p.diags.Append(diagnose("Find Host", err, path.Root("destination")))
			return p
		}
	}
	if seen.vm == "" || !whollyKnown(m.Changes) {
		return p
	}
	move, diags := m.move(seen.vm, last)
	if p.diags = diags; diags.HasError() {
		return p
	}
	move.Foresee, move.Unsettled, move.IfShutOff, move.Among = seen.at, seen.unsettled, ifShutOff, among.Candidates
	var err error
	if p.Planned, err = f.Plan(ctx, move); err != nil {
		_ = errors.As(err, &p.nowhere)
		p.diags.Append(m.planError(f, err, last)...)
		return p
	}
	p.diags.Append(locationWarnings(p.Location)...)
	if p.Move.Leaves(p.Location) {
		p.diags.Append(warnedAt(m.at(), explain.LeftShutOff(p.Location, p.Move.Destination)))
	}
	if p.Location.Host == p.Move.Destination {
		p.diags.Append(leavingWarnings(p.Location)...)
	}
	if p.Choice != nil {
		p.diags.Append(warnedAt(m.at(), explain.WouldChoose(p.Location, *p.Choice)))
	}
	p.diags.Append(assessmentDiagnostics(p.Location, p.Move.Destination, p.Assessment)...)
	return p
}

// planError is why a move cannot be planned.
func (m openMoveModel) planError(f *fleet.Fleet, err error, last string) diag.Diagnostics {
	const act = "Plan VM Migration"
	var (
		gone    *fleet.NotFoundError
		nowhere *fleet.NoDestinationError
	)
	switch {
	case errors.As(err, &nowhere):
		return diag.Diagnostics{failed(explain.NoDestination(nowhere), m.at())}
	case last != "" && errors.As(err, &gone): // it was there when it was read: nothing creates it now
		return diag.Diagnostics{diagnose(act, err, path.Root("vm"))}
	}
	return assessError(f, act, err)
}

// want refuses a VM that another resource wants elsewhere: the two would move it back and
// forth.
func (m openMoveModel) want(f *fleet.Fleet, uuid string) diag.Diagnostics {
	wanted := fleet.Wanted{Host: m.Destination.ValueString()}
	unknown := m.Destination.IsUnknown()
	if m.chosen() {
		wanted.Among = fleet.Candidates{Hosts: namesIn(m.Destinations), Cluster: m.Cluster.ValueString()}
		unknown = !whollyKnown(m.Destinations) || m.Cluster.IsUnknown()
	}
	if f == nil || uuid == "" || unknown {
		return nil
	}
	var twice *fleet.WantedTwiceError
	if err := f.Want(uuid, wanted); errors.As(err, &twice) {
		return diag.Diagnostics{failed(explain.WantedTwice(m.VM.ValueString(), twice), m.at())}
	}
	return nil
}

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// The texts that the maintenance of a host and the action that only empties it share.
const (
	evacuatedHostDescription = "Host: a key of `hosts` in the provider's configuration."
	evacuationAmong          = "Hosts that its VMs may move to: keys of `hosts` in the provider's configuration. With " +
		"neither this nor `cluster`: all other hosts that answer and are not cordoned."
	evacuationCluster = "Name of the cluster whose hosts its VMs may move to, instead of `destinations`."
	onFailureText     = "What follows when a VM cannot leave, or come back: `stop` begins nothing more, waits for what " +
		"is under way, and is an error; where it is known from the beginning, nothing is begun. `continue` goes on with " +
		"the others, and warns. A VM for which its host has no room any more stays where it is, and the others come back, " +
		"with either. Default: `stop`."
)

// onFailure is what follows a failure.
type onFailure string

const (
	stopOnFailure     onFailure = "stop"
	continueOnFailure onFailure = "continue"
)

func onFailures() []onFailure { return []onFailure{stopOnFailure, continueOnFailure} }

// evacuationModel is what a host is emptied by.
type evacuationModel struct {
	Host         types.String `tfsdk:"host"`
	Destinations types.Set    `tfsdk:"destinations"`
	Cluster      types.String `tfsdk:"cluster"`
	OnFailure    types.String `tfsdk:"on_failure"`
}

// known tells whether all of it has a value, or none.
func (m evacuationModel) known() bool {
	return !m.Host.IsUnknown() && whollyKnown(m.Destinations) && !m.Cluster.IsUnknown() && !m.OnFailure.IsUnknown()
}

// evacuation is the request for the fleet.
func (m evacuationModel) evacuation() fleet.Evacuation {
	return fleet.Evacuation{
		Host: m.Host.ValueString(), Destinations: namesIn(m.Destinations), Cluster: m.Cluster.ValueString(),
		GoOn: m.OnFailure.ValueString() == string(continueOnFailure),
	}
}

// validate refuses destinations beside a cluster, and the host itself among them.
func (m evacuationModel) validate() diag.Diagnostics {
	var diags diag.Diagnostics
	if !m.Destinations.IsNull() && !m.Cluster.IsNull() {
		diags.Append(failed(explain.BothDestinations(), path.Root("destinations")))
	}
	for _, name := range namesIn(m.Destinations) {
		if name == m.Host.ValueString() {
			diags.Append(failed(explain.ItselfAmong(name), path.Root("destinations")))
		}
	}
	return diags
}

// plan asks the hosts what the evacuation would do; ok is false where that is not known.
func (m evacuationModel) plan(
	ctx context.Context, f *fleet.Fleet, e fleet.Evacuation,
) (plan fleet.EvacuationPlan, ok bool, diags diag.Diagnostics) {
	if f == nil || !m.known() {
		return fleet.EvacuationPlan{}, false, nil
	}
	if err := f.Check(e.Host); err != nil {
		return fleet.EvacuationPlan{}, false, diag.Diagnostics{diagnose("Find Host", err, path.Root("host"))}
	}
	if diags := checkHosts(f, m.Destinations, path.Root("destinations")); diags.HasError() {
		return fleet.EvacuationPlan{}, false, diags
	}
	plan, err := f.PlanEvacuation(ctx, e)
	if err != nil {
		return fleet.EvacuationPlan{}, false, diagnoseRead(f, "Plan Evacuation of Host", err, path.Root("host"))
	}
	return plan, true, nil
}

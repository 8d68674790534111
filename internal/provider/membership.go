package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// membershipKey is where a resource keeps its membership in its private state.
const membershipKey = "membership"

// membership is what a resource whose record is kept on hosts must remember of
// them. The attribute "hosts" is not enough: it shows only those that are in
// sync, and a host that has drifted out of it must still be read, repaired and
// cleaned up.
type membership struct {
	// Written are the hosts that the record was written to and not removed from.
	Written []string `json:"written"`
	// Formerly are names that a cluster's record still has on hosts that its
	// renaming did not reach.
	Formerly []string `json:"formerly,omitempty"`
}

// privateReader and privateWriter are the framework's private state.
type privateReader interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

type privateWriter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// readMembership adds the hosts that state shows to those that are remembered.
func readMembership(ctx context.Context, private privateReader, hosts types.Set) (membership, diag.Diagnostics) {
	m := membership{}
	document, diags := private.GetKey(ctx, membershipKey)
	if len(document) > 0 {
		if err := json.Unmarshal(document, &m); err != nil {
			diags.AddError("Unable to Read Private State", "What the provider remembers of the resource's hosts can not be read: "+err.Error()+".")
		}
	}
	m.Written = union(m.Written, hostNames(hosts))
	return m, diags
}

func (m membership) save(ctx context.Context, private privateWriter) diag.Diagnostics {
	document, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to Save Private State", err.Error())}
	}
	return private.SetKey(ctx, membershipKey, document)
}

// surveyed is the membership after a survey.
func (m membership) surveyed(s fleet.Survey) membership {
	m.Written = s.Written
	if len(s.Drift) == 0 && len(s.Unseen) == 0 {
		m.Formerly = nil
	}
	return m
}

// updated is the membership after an update to the given hosts, and those of
// them that it reached. saved is false when it reached none, so that state must
// stay as it is.
func (m membership) updated(hosts []string, err error) (after membership, reached []string, saved bool) {
	if err == nil {
		return membership{Written: hosts}, hosts, true
	}
	var partial *fleet.PartialError
	if !errors.As(err, &partial) {
		return m, nil, false
	}
	reached = without(hosts, partial.Unwritten)
	m.Written = union(hosts, partial.Kept)
	return m, reached, len(reached) > 0
}

// planRemoval makes sure that a record is removed from a host that is not among
// the planned ones: where the host had drifted out of the attribute "hosts"
// before it was taken out of the configuration, no attribute differs, and
// Terraform would plan nothing. The ID, to be known after the apply, then stands
// for the difference.
func planRemoval(ctx context.Context, private privateReader, state, plan types.Set, resp *resource.ModifyPlanResponse) {
	if plan.IsUnknown() || !plan.Equal(state) {
		return
	}
	members, diags := readMembership(ctx, private, state)
	resp.Diagnostics.Append(diags...)
	left := without(members.Written, hostNames(plan))
	if len(left) == 0 {
		return
	}
	resp.Diagnostics.AddAttributeWarning(path.Root("hosts"), "Record Left Behind",
		fmt.Sprintf("A record is still on %s, which the configuration does not name here. The apply removes it.", fleet.Quote(left)))
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), types.StringUnknown())...)
}

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

// stringIdentity is the identity of a resource that one string identifies.
func stringIdentity(attribute, description string) identityschema.Schema {
	return identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		attribute: identityschema.StringAttribute{RequiredForImport: true, Description: description},
	}}
}

// importedString is what an import was asked for, by ID or by identity.
func importedString(ctx context.Context, req resource.ImportStateRequest, attribute string) (string, diag.Diagnostics) {
	if req.ID != "" {
		return req.ID, nil
	}
	var value types.String
	diags := req.Identity.GetAttribute(ctx, path.Root(attribute), &value)
	return value.ValueString(), diags
}

// importRecord finds a level's record for an import and says what of it had to
// be chosen.
func importRecord(ctx context.Context, f *fleet.Fleet, d fleet.Declaration, object string) (*fleet.Found, diag.Diagnostics) {
	var diags diag.Diagnostics
	if f == nil {
		diags.AddError("Unable to Import "+object, "The provider's configuration is not known yet, so no host can be asked. Import once it is.")
		return nil, diags
	}
	found, err := f.FindRecord(ctx, d)
	switch {
	case err != nil:
		diags.Append(diagnose("Import "+object, err))
	case found == nil:
		diags.AddError("Unable to Import "+object, fmt.Sprintf("None of the hosts %s has a record of %s.", fleet.Quote(f.Names()), d))
	default:
		if len(found.Others) > 0 {
			diags.AddWarning(object+" Differs Between Hosts", fmt.Sprintf(
				"The most common copy, that of %s, is imported. The others show as a difference in the next plan: %s.",
				fleet.Quote(found.Hosts), strings.Join(found.Others, "; ")))
		}
		diags.Append(unreachableWarning(found.Unseen)...)
	}
	return found, diags
}

// surveyWarnings says in words what a plan can only show as a difference. object
// is the level and, where there are several of it, its name: Terraform shows only
// the first of several warnings with the same summary.
func surveyWarnings(s fleet.Survey, object string) diag.Diagnostics {
	var diags diag.Diagnostics
	drift := sentence(strings.Join(s.Drift, "; "))
	switch {
	case len(s.Drift) == 0:
	case s.Gone:
		diags.AddWarning(object+" Missing", drift+" No host has the record any more, so that it leaves state.")
	default:
		remedy := "The next apply puts that right."
		if s.Stuck != nil {
			remedy = "The next apply can not put all of that right. " + advise(s.Stuck)
		}
		diags.AddWarning(object+" Out of Sync", drift+" "+remedy)
	}
	diags.Append(unknownMembersWarning(object, s.Unknown)...)
	diags.Append(leftWarning(object, s.Dropped)...)
	diags.Append(unreachableWarning(s.Unseen)...)
	return diags
}

// droppedWarning says which of the hosts can not be cleaned up, because the
// provider's configuration no longer has them.
func droppedWarning(f *fleet.Fleet, object string, names []string) diag.Diagnostics {
	return leftWarning(object, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return f.Check(name) == nil }))
}

func leftWarning(object string, dropped []string) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(dropped) > 0 {
		diags.AddWarning(object+" Left on Dropped Hosts", fmt.Sprintf("The provider's configuration no longer has %s. What is recorded there stays there and is no longer watched.", fleet.Quote(dropped)))
	}
	return diags
}

// unknownMembersWarning says which copies have members that this release does
// not know.
func unknownMembersWarning(object string, texts []string) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(texts) > 0 {
		diags.AddWarning(object+" Has Unknown Members", sentence(strings.Join(texts, "; "))+" A newer release of the provider may have written that; it is kept.")
	}
	return diags
}

// unreachableWarning says which hosts a plan goes on without.
func unreachableWarning(unseen []error) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(unseen) > 0 {
		diags.AddWarning("Host Unreachable", sentence(text(errors.Join(unseen...)))+
			" The plan goes on without what can not be seen and keeps what state says of it (unreachable_hosts = \"warn\").")
	}
	return diags
}

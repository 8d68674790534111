package provider

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// surveyWarnings says in words what a plan can only show as a difference. object
// is the level and, where there are several of it, its name: Terraform shows only
// the first of several warnings with the same summary.
func surveyWarnings(s fleet.Survey, object string) diag.Diagnostics {
	var diags diag.Diagnostics
	drift := explain.Sentence(explain.DriftLine(s.Drift))
	switch {
	case len(s.Drift) == 0:
	case s.Gone:
		diags.AddWarning(object+" Missing", drift+" None of its hosts has the record any more, so that it leaves state.")
	default:
		diags.AddWarning(object+" Out of Sync", drift+" "+remedy(s.Stuck))
	}
	if len(s.Redeclared) > 0 {
		diags.Append(redeclaredWarning(object, s.Redeclared[0]))
	}
	diags.Append(unknownMembersWarning(object, s.Unknown)...)
	diags.Append(unreachableWarning(s.Unseen)...)
	return diags
}

// letGoWarning says which hosts may keep the record, because the provider's
// configuration no longer has them.
func letGoWarning(object string, hosts []fleet.Member) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(hosts) > 0 {
		diags.AddWarning(object+" Left on Former Hosts", fmt.Sprintf(
			"None of the provider's hosts is %s any more. A record that is there stays there and is no longer watched.", explain.Members(hosts)))
	}
	return diags
}

// remedy says what becomes of drift, some of which may be stuck.
func remedy(stuck error) string {
	if stuck == nil {
		return "The next apply puts that right."
	}
	return "The next apply cannot put all of that right. " + explain.Advice(stuck)
}

// renamedWarning says once in a run that a host has another name. The summary has
// the names, for Terraform shows only the first of several with the same one.
func renamedWarning(i *instance.Registry, renamed []fleet.Renaming) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, r := range renamed {
		if i.First("renamed " + r.From + " " + r.Now.Name + " " + r.Now.UUID) {
			diags.AddWarning(fmt.Sprintf("Host %q Is Called %q Now", r.From, r.Now.Name),
				fmt.Sprintf("The provider's configuration has another key for this host (host UUID %s). What is recorded on it stays.", r.Now.UUID))
		}
	}
	return diags
}

// redeclaredWarning says that a record has a new owner, who is left alone.
func redeclaredWarning(object string, c fleet.Copy) diag.Diagnostic {
	return diag.NewWarningDiagnostic(object+" Declared Again", fmt.Sprintf(
		"%s was declared again by another resource or state%s. While it is, it is no drift here, whatever it says, and destroying this resource leaves it. "+
			"Declare it in one place only. A change of the values here takes it back.", capital(c.Subject()), on(c)))
}

// takenWarning says whose record was taken over.
func takenWarning(object string, taken []fleet.Copy) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(taken) > 0 {
		diags.AddWarning(object+" Taken Over", fmt.Sprintf(
			"%s was there already, declared by another resource or state%s, or by this one under its former address. It is this resource's now. If another configuration declares it as well, remove it from one of the two.",
			capital(taken[0].Subject()), on(taken[0])))
	}
	return diags
}

// leftWarning says that a destroy leaves a record that another has declared. One
// that was declared by the same apply needs no word.
func leftWarning(i *instance.Registry, object string, left []fleet.Copy) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(left) > 0 && !i.Made(left[0].Record.Owner) {
		diags.AddWarning(object+" Left in Place", fmt.Sprintf(
			"%s was declared again by another resource or state%s, so that it stays.", capital(left[0].Subject()), on(left[0])))
	}
	return diags
}

// on is when a copy was declared, for a sentence.
func on(c fleet.Copy) string {
	if c.Record.DeclaredAt.IsZero() {
		return ""
	}
	return " on " + c.Record.DeclaredAt.Format("2006-01-02 at 15:04:05 MST")
}

// capital begins a sentence that begins with a word of ours.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// unknownMembersWarning says which copies have members that this release does
// not know.
func unknownMembersWarning(object string, copies []fleet.Copy) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(copies) > 0 {
		diags.AddWarning(object+" Has Unknown Members", explain.Sentence(explain.UnknownMembersLine(copies))+" A newer release of the provider may have written that; it is kept.")
	}
	return diags
}

// unreachableWarning says which hosts a plan goes on without.
func unreachableWarning(unseen []error) diag.Diagnostics {
	if len(unseen) == 0 {
		return nil
	}
	return warned(explain.Unseen(unseen))
}

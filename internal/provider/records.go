package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
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
	drift := explain.Sentence(strings.Join(s.Drift, "; "))
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

// newlyLetGo are those that were not let go before.
func newlyLetGo(remembered memory, letGo []fleet.Member) []fleet.Member {
	return slices.DeleteFunc(slices.Clone(letGo), func(m fleet.Member) bool { return slices.Contains(remembered.Hosts, m) })
}

// reachedOf are those of the hosts that an update reached. changed is false when
// it reached none, so that state must stay as it is.
func reachedOf(hosts []string, err error) (reached []string, changed bool) {
	if err == nil {
		return hosts, true
	}
	var partial *fleet.PartialError
	if !errors.As(err, &partial) {
		return nil, false
	}
	reached = without(hosts, partial.Unwritten)
	return reached, len(reached) > 0
}

// asKnown is null for a value that is still unknown when all is known.
func asKnown(value types.String) types.String {
	if value.IsUnknown() {
		return types.StringNull()
	}
	return value
}

// renamedWarning says once in a run that a host has another name. The summary has
// the names, for Terraform shows only the first of several with the same one.
func renamedWarning(i *instances, renamed []fleet.Renaming) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, r := range renamed {
		if i.first("renamed " + r.From + " " + r.Now.Name + " " + r.Now.UUID) {
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
func leftWarning(i *instances, object string, left []fleet.Copy) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(left) > 0 && !i.madeHere(left[0].Record.Owner) {
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

// ownerAttribute is the token of the instance in its records.
func ownerAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "The owner that the record names: a random UUID of this resource instance. A destroy removes only records that name it. Null until an imported record without one is written.",
		Computed:            true,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// planOwner lets an instance that has no owner of its own yet get one with its next
// change.
func planOwner(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	m, diags := readMemory(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if (m.Imported || m.Owner == "") && !resp.Plan.Raw.Equal(req.State.Raw) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("owner"), types.StringUnknown())...)
	}
}

// textOrNull is null for an empty text.
func textOrNull(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// replacesAttribute is the owner that a create takes a different record from.
func replacesAttribute() schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "The owner of a record that says something else and that the creation of this resource takes over, because the same plan destroys the instance that declared it: a label and values were changed at once. Null in all other cases.",
		Computed:            true,
	}
}

// wholly tells whether a set and all its elements are known.
func wholly(set types.Set) bool {
	return !set.IsUnknown() && !slices.ContainsFunc(set.Elements(), attr.Value.IsUnknown)
}

// planReplaces decides what a create makes of a record that is there and differs.
// inspect looks at the hosts; of names what the record is of, act what is to be done,
// and own is the owner of the instance that is replaced. The value must come out the same when Terraform plans again in the apply,
// where the former instance may have removed its record by then. err is what the
// plan has to refuse.
func planReplaces(ctx context.Context, i *instances, of, act, own string, d fleet.Declaration, inspect func(fleet.Declaration) error) (replaces types.String, diags diag.Diagnostics, err error) {
	if owner := i.removedFrom(ctx, of, d); owner != "" {
		return types.StringValue(owner), nil, nil
	}
	err = inspect(d)
	if owner := i.removedFrom(ctx, of, d); owner != "" { // it was removed meanwhile
		return types.StringValue(owner), nil, nil
	}
	var exists *fleet.ExistsError
	if !errors.As(err, &exists) {
		return types.StringNull(), nil, err
	}
	owner := exists.Copy.Record.Owner
	if owner == "" || owner != own {
		may, others := i.mayReplace(ctx, owner, refusal{"Unable to " + act, explain.Detail(err)})
		for _, r := range others {
			diags.AddError(r.summary, r.detail)
		}
		if !may {
			return types.StringNull(), diags, err
		}
	}
	d.Replaces = owner
	return types.StringValue(d.Replaces), diags, inspect(d)
}

// planRecord is planReplaces for a record that is kept on hosts.
// known is false while the plan does not know all that the record will say.
func planRecord(ctx context.Context, f *fleet.Fleet, i *instances, known bool, own string, d fleet.Declaration, hosts types.Set, act string) (types.String, diag.Diagnostics) {
	if f == nil || !known || !wholly(hosts) {
		return types.StringUnknown(), nil
	}
	var unseen []error
	replaces, diags, err := planReplaces(ctx, i, d.String(), act, own, d, func(d fleet.Declaration) (err error) {
		unseen, err = f.Inspect(ctx, d, hostNames(hosts))
		return err
	})
	if err != nil {
		diags.Append(diagnoseRead(f, act, err, path.Root("hosts"))...)
		return types.StringNull(), diags
	}
	diags.Append(unreachableWarning(unseen)...)
	return replaces, diags
}

// unknownMembersWarning says which copies have members that this release does
// not know.
func unknownMembersWarning(object string, texts []string) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(texts) > 0 {
		diags.AddWarning(object+" Has Unknown Members", explain.Sentence(strings.Join(texts, "; "))+" A newer release of the provider may have written that; it is kept.")
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

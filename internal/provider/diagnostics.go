package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// diagnose turns an error into the one diagnostic that the user sees. act is
// what was to be done, as in "Unable to <act>"; at is the attribute at fault, if
// one is.
func diagnose(act string, err error, at ...path.Path) diag.Diagnostic {
	summary, detail := "Unable to "+act, explain(err)
	var unknownHost *fleet.UnknownHostError
	if errors.As(err, &unknownHost) {
		summary = "Invalid Host"
	}
	if len(at) > 0 {
		return diag.NewAttributeErrorDiagnostic(at[0], summary, detail)
	}
	return diag.NewErrorDiagnostic(summary, detail)
}

// explain is the detail of a diagnostic: what happened, and what to do about it.
func explain(err error) string {
	var (
		partial   *fleet.PartialError
		exists    *fleet.ExistsError
		held      *fleet.HeldError
		newer     *fleet.NewerRecordError
		invalid   *fleet.InvalidRecordError
		notFound  *fleet.NotFoundError
		ambiguous *fleet.AmbiguousNameError
		twice     *fleet.RunningTwiceError
	)
	detail := sentence(err.Error())
	if errors.As(err, &partial) {
		detail = explainPartial(partial)
		err = partial.Err
	}
	add := func(format string, args ...any) { detail += " " + fmt.Sprintf(format, args...) }
	switch {
	case errors.Is(err, context.Canceled):
		add("The operation was cancelled.")
	case errors.As(err, &exists):
		add("It says %s. Import it to take it over (%s), or remove it first.", *exists.Copy.Document, importHint(exists.Copy))
	case errors.As(err, &held):
		add("A host is in one cluster only. Remove it from the hosts of %q first; if that happens in the same apply, make this resource depend on that one (depends_on).", held.Cluster)
	case errors.As(err, &newer):
		add("It is left as it is. Use a release of the provider that knows the record, or take the resource out of this configuration without touching the record, with a removed block (lifecycle { destroy = false }).")
	case errors.As(err, &invalid):
		add("It says %q. Remove it on the host to let Terraform write it anew (%s).", shorten(*invalid.Copy.Document), removeHint(invalid.Copy))
	case errors.As(err, &notFound):
		add("Check the name or UUID, and that the provider's hosts include the one that has the VM.")
	case errors.As(err, &ambiguous):
		add("Give the UUID of the one that is meant.")
	case errors.As(err, &twice):
		add("Two running copies of one VM corrupt its disks. Find out which one is right, and stop the other one by hand on its host (virsh destroy %s). Nothing was changed.", twice.UUID)
	}
	return detail
}

func explainPartial(e *fleet.PartialError) string {
	detail := fmt.Sprintf("This did not succeed on %s: %s", fleet.Quote(e.Failed), sentence(e.Err.Error()))
	if len(e.Done) > 0 {
		detail += fmt.Sprintf(" It did on %s. Apply again once the cause is mended.", fleet.Quote(e.Done))
	}
	return detail
}

// importHint is how a record that is there already is imported.
func importHint(c fleet.Copy) string {
	switch {
	case c.Place != "":
		return "terraform import virt_vm_migration_policy.NAME UUID"
	default:
		return fmt.Sprintf("terraform import virt_cluster_migration_policy.NAME %q", c.Record.Cluster)
	}
}

// removeHint is how a record that can not be read is removed by hand.
func removeHint(c fleet.Copy) string {
	if c.Place != "" {
		return fmt.Sprintf("virsh metadata DOMAIN %s --%s --remove", host.MetadataURI, c.Place)
	}
	return "virsh secret-undefine " + c.Level.SecretUUID()
}

func shorten(text string) string {
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// sentence gives an error's text the form of a detail: a capital first and a
// full stop last.
func sentence(text string) string {
	text = sentenceStart(text)
	if text != "" && !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}

func sentenceStart(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// conflictWarnings says while planning what the move will refuse.
func conflictWarnings(conflicts []policy.Problem) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, conflict := range conflicts {
		diags.AddWarning("Conflicting Migration Policy", conflict.Text+" A move is refused while the values that are in force contradict each other.")
	}
	return diags
}

// diagnoseMove is the diagnostic of a move that did not succeed. Its detail says
// where the VM is and whether it runs.
func diagnoseMove(err error) diag.Diagnostic {
	const act = "Migrate Virtual Machine"
	var (
		unknownHost *fleet.UnknownHostError
		preflight   *migration.PreflightError
		diagnosis   migration.Diagnosis
		waiting     *fleet.WaitError
	)
	switch {
	case errors.As(err, &unknownHost):
		return diagnose(act, err, path.Root("destination"))
	case errors.As(err, &preflight) && len(preflight.Findings) > 0:
		return diag.NewAttributeErrorDiagnostic(findingPath(preflight.Findings[0]), preflight.Summary(), preflight.Error())
	case errors.As(err, &diagnosis):
		return diag.NewErrorDiagnostic(diagnosis.Summary(), diagnosis.Error())
	case errors.As(err, &waiting):
		return diag.NewErrorDiagnostic("Migration Cancelled", sentence(waiting.Error()))
	default:
		return diagnose(act, err, path.Root("vm"))
	}
}

// assessError says while planning why a move could not be looked at. A VM that
// is not there yet may be created by the same apply, and a record that can not
// be read may be mended by it.
func assessError(err error) diag.Diagnostics {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
		invalid  *fleet.InvalidRecordError
	)
	switch {
	case errors.As(err, &notFound):
		return nil
	case errors.As(err, &unseen):
		return unreachableWarning(unseen.Unseen)
	case errors.As(err, &invalid):
		return diag.Diagnostics{diag.NewWarningDiagnostic("Invalid Policy Record", explain(err)+" A move is refused as long as it is there.")}
	default:
		return diag.Diagnostics{diagnose("Plan Virtual Machine Migration", err, path.Root("vm"))}
	}
}

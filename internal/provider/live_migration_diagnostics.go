package provider

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// unableToMigrate is the summary of a move that is refused.
const unableToMigrate = "Unable to Migrate Virtual Machine"

// assessmentDiagnostics says what a plan has to say about a move: as errors what
// will be just the same later, as warnings the rest.
func assessmentDiagnostics(l fleet.Location, destination string, a migration.Assessment) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range a.Certain() {
		diags.AddAttributeError(findingPath(f), unableToMigrate, f.Detail+"\n\n"+whereabouts(l))
	}
	for _, f := range a.Uncertain() {
		if f.Warning {
			diags.AddAttributeWarning(findingPath(f), "Migration May Fail", f.Detail)
			continue
		}
		diags.AddAttributeWarning(findingPath(f), "Migration Would Be Refused", "As things are now, the move would be refused. "+f.Detail+"\n\n"+whereabouts(l))
	}
	if a.Running {
		diags.AddAttributeWarning(path.Root("destination"), "Migration Is Under Way", fmt.Sprintf(
			"VM %s is being migrated to %s already. No second migration will be started: if this one is still under way then, it is watched to its end.\n\n%s",
			l.Domain.Name, destination, whereabouts(l)))
	}
	return diags
}

// whereabouts is the line that every message about a move ends with.
func whereabouts(l fleet.Location) string {
	return fmt.Sprintf("VM %s is %s on %s", l.Domain.Name, l.Domain.State, l.Host)
}

// findingPath is the attribute that a finding is about.
func findingPath(f migration.Finding) path.Path {
	switch f.Check {
	case migration.CheckPolicy:
		return path.Root(string(f.Field))
	case migration.CheckMode:
		return path.Root("mode")
	case migration.CheckState, migration.CheckJob, migration.CheckOneHome:
		return path.Root("vm")
	default:
		return path.Root("destination")
	}
}

// diagnoseMove is the diagnostic of a move that did not succeed. Its detail says
// where the VM is and whether it runs, as far as that could be seen.
func diagnoseMove(err error, destination string) diag.Diagnostic {
	var (
		unknownHost *fleet.UnknownHostError
		cancelled   *fleet.CancelledError
		leaving     *fleet.LeavingError
		unresolved  *fleet.UnresolvedError
		elsewhere   *fleet.ElsewhereError
		preflight   *migration.PreflightError
		diagnosis   migration.Diagnosis
	)
	switch {
	case errors.As(err, &unknownHost):
		return diagnose("Migrate Virtual Machine", err, path.Root("destination"))
	case errors.As(err, &cancelled):
		return diag.NewErrorDiagnostic("Migration Cancelled", cancelled.Error())
	case errors.As(err, &leaving):
		return diag.NewAttributeErrorDiagnostic(path.Root("destination"), unableToMigrate, fmt.Sprintf(
			"%s Nothing was done. Wait until it has ended, or call it off with `virsh domjobabort %s` on %s, and apply again.\n\n%s",
			sentence(leaving.Error()), leaving.Location.Domain.UUID, leaving.Location.Host, whereabouts(leaving.Location)))
	case errors.As(err, &elsewhere):
		return diag.NewErrorDiagnostic(elsewhere.Summary(), elsewhere.Error())
	case errors.As(err, &preflight) && len(preflight.Findings) > 0:
		return diag.NewAttributeErrorDiagnostic(findingPath(preflight.Findings[0]), preflight.Summary(), preflight.Error())
	case errors.As(err, &diagnosis):
		return diag.NewErrorDiagnostic(diagnosis.Summary(), diagnosis.Error())
	case errors.As(err, &unresolved):
		return diag.NewAttributeErrorDiagnostic(unmovedPath(err, destination), unableToMigrate, fmt.Sprintf(
			"%s Nothing was started.\n\n%s", explain(err), whereabouts(unresolved.Location)))
	default:
		return diag.NewAttributeErrorDiagnostic(unmovedPath(err, destination), unableToMigrate, withWhereabouts(explain(err)+" Nothing was started.", err))
	}
}

// unmovedPath is the attribute at fault when a VM, or its policy, could not be
// looked at.
func unmovedPath(err error, destination string) path.Path {
	var down *fleet.HostsDownError
	if errors.As(err, &down) && slices.Contains(down.Hosts, destination) {
		return path.Root("destination")
	}
	return path.Root("vm")
}

// movedWarnings is what a move that succeeded has to say beside.
func movedWarnings(m fleet.Moved) diag.Diagnostics {
	diags := locationWarnings(m.Location)
	r := m.Report
	if r.Adopted {
		diags.AddWarning("Migration Was Under Way", fmt.Sprintf(
			"VM %s was being migrated from %s to %s already, for instance by a run of Terraform that was killed. That migration was watched to its end, and none was started beside it. "+
				"The policy that is reported for it is what holds for the VM now; what it was started with is not known.",
			m.Location.Domain.Name, r.Source, r.Destination))
	}
	title := "Virtual Machine Needs Attention"
	if r.Moved {
		title = "Virtual Machine Migrated With Remarks"
	}
	for _, text := range r.Warnings {
		diags.AddWarning(title, fullStop(text)) // it may begin with the name of a host
	}
	return diags
}

// othersThatMove is who may have moved a VM that this resource has not moved.
const othersThatMove = "the action, another resource or program, or an earlier run of Terraform"

// unwatchedWarning tells of a migration that no resource has watched to its end:
// came says what is known of it, r what libvirt still knows.
func unwatchedWarning(came, vm string, r migration.Report) diag.Diagnostics {
	detail := came
	if r.Unwatched {
		detail += fmt.Sprintf(" By the figures that libvirt on %s keeps of it, it took %s.", r.Destination, figures(r))
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Migration Was Not Watched", fmt.Sprintf("%s\n\nVM %s is %s on %s", detail, vm, r.State, r.Destination))}
}

// outcome is the last line of a move that succeeded.
func outcome(m fleet.Moved) string {
	r, vm := m.Report, m.Location.Domain.Name
	switch {
	case r.Moved:
		return fmt.Sprintf("VM %s is %s on %s: moved from %s in %s", vm, r.State, r.Destination, r.Source, figures(r))
	case r.Unwatched:
		return fmt.Sprintf("VM %s is %s on %s already: nothing to move (the migration that brought it there took %s)", vm, r.State, r.Destination, figures(r))
	default:
		return fmt.Sprintf("VM %s is %s on %s already: nothing to move", vm, r.State, r.Destination)
	}
}

func figures(r migration.Report) string {
	text := r.Duration.Round(time.Millisecond).String()
	if r.Downtime != nil {
		text += fmt.Sprintf(", downtime %s", *r.Downtime)
	}
	const mebibyte = 1 << 20
	return fmt.Sprintf("%s, %d passes, %.1f MiB sent", text, r.Iterations, float64(r.MemoryTransferred)/mebibyte)
}

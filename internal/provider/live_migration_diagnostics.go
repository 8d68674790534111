package provider

import (
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// assessmentDiagnostics is the findings about a planned move: errors where the apply
// cannot differ, else warnings.
func assessmentDiagnostics(l fleet.Location, destination string, a preflight.Assessment) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range a.Certain() {
		diags.Append(failed(explain.Certain(l, f), findingPath(f)))
	}
	for _, f := range a.Uncertain() {
		diags.Append(warnedAt(findingPath(f), explain.Uncertain(l, f)))
	}
	if unchecked := a.Notable(); len(unchecked) > 0 {
		diags.Append(warnedAt(path.Root("destination"), explain.NotChecked(l, unchecked)))
	}
	if a.Running {
		diags.Append(warnedAt(path.Root("destination"), explain.UnderWay(l, destination)))
	}
	return diags
}

// findingPath is the attribute that a finding is about: that of its check, or the policy
// field at fault.
func findingPath(f migration.Finding) path.Path {
	if conflict, ok := f.Fact.(preflight.PolicyConflict); ok {
		return path.Root(string(conflict.Conflict.Field))
	}
	if preflight.AboutDisks(f.Fact) {
		return path.Root("disks")
	}
	return path.Root(preflight.Attribute(f.Check))
}

// diagnoseMove is the diagnostic of a move that did not succeed.
func diagnoseMove(err error, m openMoveModel) diag.Diagnostic {
	text := explain.Move(err)
	if at, ok := movePath(err, m); ok {
		return failed(text, at)
	}
	return failed(text)
}

// movePath is the attribute at fault when a move did not succeed; ok is false when
// none is.
func movePath(err error, m openMoveModel) (at path.Path, ok bool) {
	var (
		diagnosis migration.Diagnosis
		preflight *migration.PreflightError
		unknown   *fleet.UnknownHostError
		leaving   *fleet.LeavingError
		nowhere   *fleet.NoDestinationError
		lapsed    *fleet.LapsedChoiceError
		down      *fleet.HostsDownError
	)
	switch {
	case errors.As(err, &nowhere), errors.As(err, &lapsed):
		return m.at(), true
	case errors.As(err, &preflight) && len(preflight.Findings) > 0 && len(preflight.Elsewhere) == 0:
		return findingPath(preflight.Findings[0]), true
	case errors.As(err, &diagnosis):
		return path.Empty(), false
	case errors.As(err, &unknown), errors.As(err, &leaving),
		errors.As(err, &down) && slices.Contains(down.Hosts, m.Destination.ValueString()):
		return m.at(), true
	default:
		return path.Root("vm"), true
	}
}

package provider

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// assessmentDiagnostics is the findings about a planned move: errors where the apply
// cannot differ, else warnings.
func assessmentDiagnostics(l fleet.Location, destination string, a migration.Assessment) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range a.Certain() {
		diags.Append(failed(explain.Certain(l, f), findingPath(f)))
	}
	for _, f := range a.Uncertain() {
		diags.Append(warnedAt(findingPath(f), explain.Uncertain(l, f)))
	}
	if a.Running {
		diags.Append(warnedAt(path.Root("destination"), explain.UnderWay(l, destination)))
	}
	return diags
}

// findingPath is the attribute that a finding is about.
func findingPath(f migration.Finding) path.Path {
	switch f.Check {
	case migration.CheckPolicy:
		return path.Root(string(f.Conflict.Field))
	case migration.CheckMode:
		return path.Root("mode")
	case migration.CheckState, migration.CheckJob, migration.CheckOneHome:
		return path.Root("vm")
	default:
		return path.Root("destination")
	}
}

// diagnoseMove is the diagnostic of a move that did not succeed.
func diagnoseMove(err error, destination string) diag.Diagnostic {
	text := explain.Move(err)
	if at, ok := movePath(err, destination); ok {
		return failed(text, at)
	}
	return failed(text)
}

// movePath is the attribute at fault when a move did not succeed; ok is false when
// none is.
func movePath(err error, destination string) (at path.Path, ok bool) {
	var (
		diagnosis migration.Diagnosis
		preflight *migration.PreflightError
		unknown   *fleet.UnknownHostError
		leaving   *fleet.LeavingError
		down      *fleet.HostsDownError
	)
	switch {
	case errors.As(err, &preflight) && len(preflight.Findings) > 0 && len(preflight.Elsewhere) == 0:
		return findingPath(preflight.Findings[0]), true
	case errors.As(err, &diagnosis):
		return path.Empty(), false
	case errors.As(err, &unknown), errors.As(err, &leaving), errors.As(err, &down) && slices.Contains(down.Hosts, destination):
		return path.Root("destination"), true
	default:
		return path.Root("vm"), true
	}
}

// logProgress writes the progress of a move to Terraform's log: a resource can show it
// nowhere else.
func logProgress(ctx context.Context) func(fleet.Progress) {
	return func(p fleet.Progress) {
		tflog.Info(ctx, explain.Line(p), progressFields(p))
	}
}

// progressFields is the progress for programs that read the log.
func progressFields(p fleet.Progress) map[string]any {
	fields := map[string]any{
		"vm_uuid": p.UUID, "vm_name": p.Name, "source": p.Source, "destination": p.Destination,
	}
	if p.Waiting.Kind != fleet.NoObstacle {
		fields["waiting_for"] = string(p.Waiting.Kind)
		return fields
	}
	fields["phase"], fields["elapsed_ms"] = string(p.Phase), p.Elapsed.Milliseconds()
	if p.Notice.Kind != migration.NoNotice {
		fields["event"] = string(p.Notice.Kind)
	}
	if p.Pass > 0 {
		fields["pass"], fields["memory_remaining_bytes"], fields["memory_total_bytes"] = p.Pass, p.Remaining, p.Total
		fields["bandwidth_bytes_per_second"], fields["dirty_rate_bytes_per_second"] = p.Bandwidth, p.DirtyRate
	}
	if p.Throttle != nil {
		fields["throttle_percent"] = *p.Throttle
	}
	if p.Estimate != nil {
		fields["estimate_ms"] = p.Estimate.Milliseconds()
	}
	return fields
}

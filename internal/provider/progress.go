package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// logProgress writes what a move does to Terraform's log: a resource has no other place
// to show it.
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
	if p.Unchecked != nil {
		fields["unchecked"] = string(p.Unchecked.Check)
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
	if p.Hopeless {
		fields["hopeless"] = true
	}
	return fields
}

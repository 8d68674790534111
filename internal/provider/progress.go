package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
)

// logProgress writes what a move does to Terraform's log: a resource has no other place
// to show it.
func logProgress(ctx context.Context) func(fleet.Progress) {
	return func(p fleet.Progress) {
		tflog.Info(ctx, explain.Line(p), progressFields(p))
	}
}

// logDone writes the last line of a move that succeeded to Terraform's log.
func logDone(ctx context.Context, m fleet.Moved) {
	tflog.Info(ctx, explain.Done(m), doneFields(m))
}

// doneFields is how a move went, for programs that read the log.
func doneFields(m fleet.Moved) map[string]any {
	r := m.Report
	fields := map[string]any{
		"vm_uuid": m.Location.Domain.UUID, "vm_name": m.Location.Domain.Name, "event": "done", "moved": r.Moved,
		"source": r.Source, "destination": r.Destination,
	}
	if !r.Moved {
		return fields
	}
	fields["started_at"], fields["duration_ms"] = r.StartedAt.UTC(), r.Duration.Milliseconds()
	fields["mode"], fields["definition"] = string(r.Mode), r.Definition
	if r.Definition {
		return fields
	}
	fields["phase"], fields["pass"] = string(r.Phase), r.Iterations
	fields["memory_total_bytes"], fields["memory_transferred_bytes"] = r.MemoryTotal, r.MemoryTransferred
	if r.DiskTotal > 0 {
		fields["disk_total_bytes"], fields["disk_transferred_bytes"] = r.DiskTotal, r.DiskTransferred
	}
	if r.Downtime != nil {
		fields["downtime_ms"] = r.Downtime.Milliseconds()
	}
	if r.Throttle != nil {
		fields["throttle_percent"] = *r.Throttle
	}
	return fields
}

// diskFields is the copy of each disk.
func diskFields(disks []migration.DiskCopy) []map[string]any {
	fields := make([]map[string]any, len(disks))
	for i, d := range disks {
		fields[i] = map[string]any{
			"target": d.Target, "total_bytes": d.Total, "copied_bytes": d.Copied, "ready": d.Ready(),
		}
	}
	return fields
}

// holderFields is who has the places that a move waits for.
func holderFields(holders []places.Holder) []map[string]any {
	fields := make([]map[string]any, len(holders))
	for i, h := range holders {
		fields[i] = map[string]any{"vm_uuid": h.VM, "vm_name": h.Name, "run": h.Run, "own": h.Own}
	}
	return fields
}

// progressFields is the progress for programs that read the log.
func progressFields(p fleet.Progress) map[string]any {
	fields := map[string]any{
		"vm_uuid": p.UUID, "vm_name": p.Name, "source": p.Source, "destination": p.Destination,
	}
	if p.Waiting.Kind != places.NoWait {
		fields["waiting_for"] = string(p.Waiting.Kind)
		if holders := holderFields(p.Waiting.Holders); len(holders) > 0 {
			fields["holders"] = holders
		}
		return fields
	}
	if len(p.Unleased) > 0 {
		fields["event"] = "unleased"
		return fields
	}
	if p.Choice != nil {
		fields["event"] = "chosen"
		return fields
	}
	if p.Forecast != nil {
		fields["event"], fields["verdict"] = "forecast", string(p.Forecast.Verdict)
		if p.Forecast.DurationMS != nil {
			fields["duration_ms"] = int64(p.Forecast.DurationMS.Expected)
		}
		return fields
	}
	if len(p.Unchecked) > 0 {
		checks := make([]string, len(p.Unchecked))
		for i, u := range p.Unchecked {
			checks[i] = string(u.Check)
		}
		fields["unchecked"] = checks
		return fields
	}
	fields["phase"], fields["elapsed_ms"] = string(p.Phase), p.Elapsed.Milliseconds()
	if p.Notice.Kind != migration.NoNotice {
		fields["event"] = string(p.Notice.Kind)
	}
	if r := p.Notice.Raise; r.Field != "" {
		fields["raised"], fields["raised_to"] = string(r.Field), r.To
	}
	if m := p.Mirror; m.Total > 0 {
		fields["disk_remaining_bytes"], fields["disk_total_bytes"] = m.Remaining, m.Total
		fields["disk_bytes_per_second"], fields["disk_write_bytes_per_second"] = m.Rate, m.WriteRate
		if len(m.Disks) > 0 {
			fields["disks"] = diskFields(m.Disks)
		}
	}
	if p.Pass > 0 {
		fields["pass"], fields["memory_remaining_bytes"], fields["memory_total_bytes"] = p.Pass, p.Remaining, p.Total
		fields["bandwidth_bytes_per_second"], fields["dirty_rate_bytes_per_second"] = p.Bandwidth, p.DirtyRate
	}
	if p.Share > 0 {
		fields["share_mib_per_second"] = p.Share
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

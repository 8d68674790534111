package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// lastMigrationAttribute is the report of the last move in state.
func lastMigrationAttribute() schema.SingleNestedAttribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	number := func(description string) schema.Attribute {
		return schema.Int64Attribute{MarkdownDescription: description, Computed: true}
	}
	return schema.SingleNestedAttribute{
		MarkdownDescription: "The last move of the VM by this resource, with the labels that the hosts had then. " +
			"Null until there is one. Its policy is in `virt_vm_migration_history` and in the report.",
		Computed: true,
		Attributes: map[string]schema.Attribute{
			"source":      text("Host that the VM was moved from."),
			"destination": text("Host that the VM was moved to."),
			"started_at":  text("Start of the move, in RFC 3339 format, UTC."),
			"duration_ms": number("Duration of the move, in milliseconds."),
			"downtime_ms": number("Downtime of the guest in the switch-over, in milliseconds, as " +
				"libvirt measured it; null when libvirt does not report it."),
			"memory_total_bytes": number("Size of the guest's memory, in bytes; null, as all figures of " +
				"memory, when only the definition was moved."),
			"memory_transferred_bytes": number("Memory that was sent, in bytes: more than the total when pages had " +
				"to be sent again."),
			"disk_total_bytes": number("Capacity of the disks that were copied, in bytes; null where none was."),
			"disk_transferred_bytes": number("What was copied of the disks, in bytes, with what the guest wrote again " +
				"meanwhile; null where none was, or where that was not seen."),
			"iterations": number("Number of passes over the guest's memory (in libvirt `memory_iteration`)."),
			"throttle": number("Highest auto-converge throttle that was seen, in percent of vCPU " +
				"time; null when the move was not watched."),
			"compression_pages": number("Number of pages that were sent XBZRLE compressed; null when " +
				"compression was off."),
			"compression_cache_misses": number("Number of pages that were not in the XBZRLE cache; null when " +
				"compression was off."),
			"mode": text("Who drove the migration: `peer_to_peer` or `direct`; null when it was " +
				"under way already and only watched, because libvirt does not report the mode."),
			"phase": text("Phase in which the migration ended: `pre_copy`, `post_copy`, or " +
				"`paused` (the guest was paused so that the rest could be sent); null when only the definition was moved."),
			"volumes_left": volumesLeftAttribute(),
			"forecast":     lastForecastAttribute(),
		},
	}
}

// copied is a figure of disks; nil where none was copied.
func copied(bytes uint64) *int64 {
	if bytes == 0 {
		return nil
	}
	return new(int64(bytes))
}

// lastMigrationTypes are the types of the members of last_migration.
func lastMigrationTypes() map[string]attr.Type { return typesOf(lastMigrationAttribute().Attributes) }

// lastMigrationObject is the report of a move, with what its entry in the history has of it; last, the move before it,
// when nothing was moved.
func lastMigrationObject(r migration.Report, e history.Entry, last types.Object) types.Object {
	if !r.Moved {
		return last
	}
	mode := types.StringNull()
	if r.Mode != "" {
		mode = types.StringValue(string(r.Mode))
	}
	downtime := types.Int64Null()
	if r.Downtime != nil {
		downtime = types.Int64Value(r.Downtime.Milliseconds())
	}
	// Of a move of a definition no more is known.
	figure, phase := types.Int64Value, types.StringValue(string(r.Phase))
	if r.Definition {
		figure, phase = func(int64) types.Int64 { return types.Int64Null() }, types.StringNull()
	}
	return types.ObjectValueMust(lastMigrationTypes(), map[string]attr.Value{
		"source":                   types.StringValue(r.Source),
		"destination":              types.StringValue(r.Destination),
		"started_at":               types.StringValue(r.StartedAt.UTC().Format(time.RFC3339)),
		"duration_ms":              types.Int64Value(r.Duration.Milliseconds()),
		"downtime_ms":              downtime,
		"memory_total_bytes":       figure(int64(r.MemoryTotal)),
		"memory_transferred_bytes": figure(int64(r.MemoryTransferred)),
		"disk_total_bytes":         types.Int64PointerValue(copied(r.DiskTotal)),
		"disk_transferred_bytes":   types.Int64PointerValue(copied(r.DiskTransferred)),
		"iterations":               figure(int64(r.Iterations)),
		"throttle":                 types.Int64PointerValue(r.Throttle),
		"compression_pages":        types.Int64PointerValue(r.CompressionPages),
		"compression_cache_misses": types.Int64PointerValue(r.CompressionCacheMisses),
		"mode":                     mode,
		"phase":                    phase,
		"volumes_left":             volumesLeft(e.VolumesLeft),
		"forecast":                 lastForecastObject(e.Forecast),
	})
}

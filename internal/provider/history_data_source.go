package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

var _ datasource.DataSourceWithConfigure = (*historyDataSource)(nil)

func newHistoryDataSource() datasource.DataSource { return &historyDataSource{} }

// historyDataSource shows the last moves of a VM.
type historyDataSource struct{ providerData }

type historyModel struct {
	VM         types.String `tfsdk:"vm"`
	UUID       types.String `tfsdk:"uuid"`
	Host       types.String `tfsdk:"host"`
	Migrations types.List   `tfsdk:"migrations"`
}

func (d *historyDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_vm_migration_history"
}

func (d *historyDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Last moves of a VM by this provider, the resource and the action alike. They are kept " +
			"with the VM, in its libvirt metadata, and travel with it: the last 10, in at most 16 KiB. Moves by " +
			"other means, such as `virsh migrate`, are not among them. Reading changes nothing.",
		Attributes: map[string]schema.Attribute{
			"vm": schema.StringAttribute{
				MarkdownDescription: vmDescription,
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM.", Computed: true},
			"host": schema.StringAttribute{
				MarkdownDescription: "Host that the VM is on: a key of `hosts` in the provider's configuration.",
				Computed:            true,
			},
			"migrations": schema.ListNestedAttribute{
				MarkdownDescription: "The moves, newest first; null where they cannot be read. A move that a newer " +
					"release of the provider wrote in a way that this one does not know is left out.",
				Computed:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: historyEntryAttributes()},
			},
		},
	}
}

func historyEntryAttributes() map[string]schema.Attribute {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	number := func(description string) schema.Attribute {
		return schema.Int64Attribute{MarkdownDescription: description, Computed: true}
	}
	return map[string]schema.Attribute{
		"id":         text("Random UUID of the move."),
		"started_at": text("Start of the move, in RFC 3339 format, UTC."),
		"ended_at":   text("End of the move, in RFC 3339 format, UTC; null where it has not ended, or nobody watched that."),
		"outcome": text("How it ended: `completed`, `cancelled` (by a person), `timed_out`, `not_converged`, `failed`, " +
			"`refused` (nothing was sent; it is kept where it has volumes that nobody else knows of), or " +
			"`started`: it is under way, or nobody has watched its end. The next move of the VM looks where the VM is " +
			"and makes of `started` either `completed` or `unwatched` (the VM was not on its destination)."),
		"source":           text("Host that the VM was to be moved from: the label that it had then."),
		"source_uuid":      text("Host UUID of `source`; null where it is not known."),
		"destination":      text("Host that the VM was to be moved to: the label that it had then."),
		"destination_uuid": text("Host UUID of `destination`; null where it is not known."),
		"mode":             text("Who drove the migration: `peer_to_peer` or `direct`; null where that is not known."),
		"phase": text("Phase in which a migration that was completed ended: `pre_copy`, `post_copy` or " +
			"`paused`; else null."),
		"duration_ms": number("Duration of the migration job, in milliseconds. This and all figures are null where " +
			"nothing was measured; of a move that was not completed they are the last that were seen."),
		"downtime_ms": number("Downtime of the guest in the switch-over, in milliseconds; null when libvirt " +
			"does not report it."),
		"memory_total_bytes":       number("Size of the guest's memory, in bytes."),
		"memory_transferred_bytes": number("Memory that was sent, in bytes."),
		"memory_constant_bytes": number("Memory of which nearly nothing was sent, because each of its pages held one byte " +
			"over and over (in libvirt `memory_constant`), in bytes."),
		"disk_total_bytes": number("Capacity of the disks that were copied, in bytes; null where none was."),
		"disk_transferred_bytes": number("What was copied of them, in bytes, with what the guest wrote again; null " +
			"where that was not seen."),
		"iterations": number("Number of passes over the guest's memory (in libvirt `memory_iteration`)."),
		"throttle": number("Highest auto-converge throttle that was seen, in percent of vCPU time; null " +
			"when the move was not watched."),
		"compression_pages": number("Number of pages that were sent XBZRLE compressed; null when compression was " +
			"off."),
		"compression_bytes": number("What was sent of the pages that were compressed, in bytes; null when " +
			"compression was off."),
		"compression_cache_misses": number("Number of pages that were not in the XBZRLE cache; null when compression was " +
			"off."),
		"downtime_raised_to_ms": number("Longest pause for the switch-over that the move came to by " +
			"`downtime_schedule_ms`, in milliseconds; null when it was not raised."),
		"cache_grown_to_mib": number("Size that the XBZRLE cache grew to by `compression_cache_max_mib`, in MiB; " +
			"null when it did not."),
		"volumes_left": volumesLeftOfEntry(),
		"devices_changed": devicesChangedAttribute("What `destination_changes` of the move or of its destination has " +
			"changed in the VM's definition, and what was changed back because the VM had been on the destination before. A " +
			"move back takes it back. Null where nothing was changed."),
		"config_changed": devicesChangedAttribute("The same of the persistent definition of a VM that ran, where that is " +
			"something else; else null. It is empty where only the running VM's was changed."),
		"forecast": pastForecastAttribute(),
		"evacuation": text("ID of the evacuation of a host that the move belongs to, there or back; null of any other " +
			"move."),
		"policy": schema.SingleNestedAttribute{
			MarkdownDescription: "Effective policy that the move was started under; null where a newer release wrote it.",
			Computed:            true,
			Attributes:          effectiveAttributes(),
		},
		"origins": schema.MapAttribute{
			MarkdownDescription: "Level that decided each field: `run`, `vm`, `cluster`, `global` or `default`.",
			ElementType:         types.StringType,
			Computed:            true,
		},
	}
}

func (d *historyDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *historyDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model historyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly("Migration History")))
		return
	}
	model.Migrations = types.ListNull(types.ObjectType{AttrTypes: historyEntryTypes()})
	location, past, err := d.fleet.History(ctx, model.VM.ValueString())
	var (
		invalid *fleet.InvalidHistoryError
		unseen  *fleet.UnseenError
	)
	switch {
	case err == nil:
		model.Migrations = historyList(past)
	case errors.As(err, &unseen):
		resp.Diagnostics.Append(warned(explain.UnseenByRead(unseen.Unseen))...)
	case errors.As(err, &invalid):
		resp.Diagnostics.Append(warnedAt(path.Root("vm"), explain.HistoryUnknown(invalid)))
	default:
		resp.Diagnostics.Append(diagnose("Read Migration History", err, path.Root("vm")))
		return
	}
	if location.Host != "" {
		resp.Diagnostics.Append(locationWarnings(location)...)
		model.UUID, model.Host = types.StringValue(location.Domain.UUID), types.StringValue(location.Host)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

// historyEntryTypes are the types of the members of a move.
func historyEntryTypes() map[string]attr.Type { return typesOf(historyEntryAttributes()) }

func historyList(past history.History) types.List {
	entries := []attr.Value{}
	for _, e := range past.Entries {
		if e.Readable() {
			entries = append(entries, historyEntryObject(e))
		}
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: historyEntryTypes()}, entries)
}

func historyEntryObject(e history.Entry) types.Object {
	values := map[string]attr.Value{
		"id":               types.StringValue(e.ID),
		"started_at":       types.StringValue(e.StartedAt.Format(time.RFC3339)),
		"ended_at":         types.StringNull(),
		"outcome":          types.StringValue(string(e.Outcome)),
		"source":           types.StringValue(e.From.Label),
		"source_uuid":      textOrNull(e.From.UUID),
		"destination":      types.StringValue(e.To.Label),
		"destination_uuid": textOrNull(e.To.UUID),
		"mode":             textOrNull(e.Mode),
		"phase":            textOrNull(e.Phase),
		"policy":           types.ObjectNull(effectiveTypes()),
		"origins":          types.MapNull(types.StringType),
		"volumes_left":     volumesLeft(e.VolumesLeft),
		"devices_changed":  devicesChanged(e.DevicesChanged),
		"config_changed":   devicesChanged(e.ConfigChanged),
		"forecast":         lastForecastObject(e.Forecast),
		"evacuation":       textOrNull(e.Evacuation),
	}
	if !e.EndedAt.IsZero() {
		values["ended_at"] = types.StringValue(e.EndedAt.Format(time.RFC3339))
	}
	if e.Policy.Origins != nil {
		values["policy"], values["origins"] = effectiveObject(e.Policy), originsMap(e.Policy)
	}
	for name, figure := range figuresByName(e.Figures) {
		values[name] = types.Int64PointerValue(figure)
	}
	return types.ObjectValueMust(historyEntryTypes(), values)
}

// figuresByName has every figure; nil where it was not measured.
func figuresByName(f *history.Figures) map[string]*int64 {
	measured := f != nil
	if !measured {
		f = &history.Figures{}
	}
	all := map[string]*int64{
		"duration_ms":              &f.DurationMS,
		"downtime_ms":              f.DowntimeMS,
		"memory_total_bytes":       new(int64(f.MemoryTotalBytes)),
		"memory_transferred_bytes": new(int64(f.MemoryTransferredBytes)),
		"memory_constant_bytes":    new(int64(f.MemoryConstantBytes)),
		"disk_total_bytes":         copied(f.DiskTotalBytes),
		"disk_transferred_bytes":   copied(f.DiskTransferredBytes),
		"iterations":               new(int64(f.Iterations)),
		"throttle":                 f.Throttle,
		"compression_pages":        f.CompressionPages,
		"compression_bytes":        f.CompressionBytes,
		"compression_cache_misses": f.CompressionCacheMisses,
		"downtime_raised_to_ms":    f.DowntimeRaisedToMS,
		"cache_grown_to_mib":       f.CacheGrownToMiB,
	}
	for name := range all {
		if !measured {
			all[name] = nil
		}
	}
	return all
}

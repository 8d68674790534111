package provider

import (
	"context"
	"errors"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

var _ datasource.DataSourceWithConfigure = (*hostsDataSource)(nil)

func newHostsDataSource() datasource.DataSource { return &hostsDataSource{} }

// hostsDataSource lists the hosts of the fleet.
type hostsDataSource struct{ providerData }

type hostsModel struct {
	Names types.Set  `tfsdk:"names"`
	Hosts types.List `tfsdk:"hosts"`
}

func (d *hostsDataSource) Metadata(
	_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_hosts"
}

func (d *hostsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The provider's hosts, and what each of them is and holds. A host that cannot be reached is " +
			"no error here: `reachable` is false, and `error` says why. It is read anew in each plan and apply, and " +
			"needs libvirt 4.5 or later.",
		Attributes: map[string]schema.Attribute{
			"names": schema.SetAttribute{
				MarkdownDescription: "Hosts to ask: keys of `hosts` in the provider's configuration. Default: all.",
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          hostSetValidators(),
			},
			"hosts": schema.ListNestedAttribute{
				MarkdownDescription: "The hosts, in the order of their names. All but `name`, `reachable` and `error` is null of " +
					"a host that cannot be asked.",
				Computed:     true,
				NestedObject: schema.NestedAttributeObject{Attributes: listedHostAttributes()},
			},
		},
	}
}

func listedHostAttributes() map[string]schema.Attribute {
	number := func(description string) schema.Attribute {
		return schema.Int64Attribute{MarkdownDescription: description, Computed: true}
	}
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{MarkdownDescription: description, Computed: true}
	}
	const migrations = ", whoever started them; null where the job of a VM could not be read."
	return map[string]schema.Attribute{
		"name":     text("Key of the host in `hosts` in the provider's configuration."),
		"uuid":     text("UUID of the host, in its libvirt's capabilities."),
		"hostname": text("Host name that its libvirt reports."),
		"reachable": schema.BoolAttribute{
			MarkdownDescription: "Whether the host's libvirt answers.",
			Computed:            true,
		},
		"error":              text("Why the host could not be asked; null when it could."),
		"libvirt_version":    text("Version of libvirt, such as `11.3.0`."),
		"qemu_version":       text("Version of QEMU, such as `10.0.2`."),
		"cpus":               number("Number of CPUs of the host that are online."),
		"memory_total_bytes": number("Memory of the host, in bytes."),
		"memory_available_bytes": number("Memory of the host that is free, or holds what it can do without (buffers and " +
			"page cache), in bytes."),
		"running": number("Number of VMs that are active on the host, also when they are paused. One that " +
			"is being received is not counted."),
		"defined": number("Number of VMs of which the host keeps a definition, active or not."),
		"cluster": text("Name of the cluster that the host is in, by its record; null when it is in none, " +
			"or the record cannot be read."),
		"migrations_in":  number("Number of migrations to the host that run now" + migrations),
		"migrations_out": number("Number of migrations from the host that run now" + migrations),
		"cordoned": schema.BoolAttribute{
			MarkdownDescription: "Whether the host is cordoned: every move to it is refused. Null where its record " +
				"cannot be read.",
			Computed: true,
		},
		"cordoned_since": text("When the host was cordoned, as RFC 3339; null when it is not."),
		"cordon_reason":  text("Why the host was cordoned; null where nobody has said so."),
		"evacuation":     text("ID of the evacuation that is under way on the host, or was made and not undone; else null."),
		"leases": schema.ListNestedAttribute{
			MarkdownDescription: "Leases of moves on the host, of every run of this provider: who has a place for a " +
				"migration, and who waits for one. Null where the host keeps none, or does not let them be read.",
			Computed:     true,
			NestedObject: schema.NestedAttributeObject{Attributes: leaseAttributes()},
		},
		"features": schema.SetAttribute{
			MarkdownDescription: "Policy fields that the host's releases of libvirt and QEMU can apply.",
			ElementType:         types.StringType,
			Computed:            true,
		},
	}
}

// listedHostTypes are the types of the members of a host in a list.
var listedHostTypes = sync.OnceValue(func() map[string]attr.Type { return typesOf(listedHostAttributes()) })

func (d *hostsDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *hostsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	const object = "Hosts"
	var model hostsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly(object)))
		return
	}
	if resp.Diagnostics.Append(checkHosts(d.fleet, model.Names, path.Root("names"))...); resp.Diagnostics.HasError() {
		return
	}
	hosts, err := d.fleet.Hosts(ctx, namesIn(model.Names))
	if err != nil {
		resp.Diagnostics.Append(diagnose("Read "+object, err))
		return
	}
	elements := []attr.Value{}
	for _, h := range hosts {
		object, diags := listedHostObject(h)
		resp.Diagnostics.Append(diags...)
		elements = append(elements, object)
	}
	model.Hosts = types.ListValueMust(types.ObjectType{AttrTypes: listedHostTypes()}, elements)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func listedHostObject(h fleet.ListedHost) (types.Object, diag.Diagnostics) {
	if h.Err != nil {
		members := map[string]attr.Value{}
		for name, t := range listedHostTypes() {
			members[name] = nullOf(t)
		}
		members["name"] = types.StringValue(h.Name)
		members["reachable"] = types.BoolValue(!errors.Is(h.Err, migration.ErrUnreachable))
		members["error"] = types.StringValue(explain.Detail(h.Err))
		return types.ObjectValueMust(listedHostTypes(), members), nil
	}
	var diags diag.Diagnostics
	cluster, err := clusterName(h.Cluster)
	if err != nil {
		diags = warned(explain.Unreadable(err))
	}
	standing := h.Standing
	if standing.Unreadable != nil {
		diags.Append(warned(explain.HostRecordUnreadable(standing.Unreadable))...)
	}
	in, out := types.Int64Null(), types.Int64Null()
	if h.Migrations != nil {
		in, out = types.Int64Value(int64(h.Migrations.Incoming)), types.Int64Value(int64(h.Migrations.Outgoing))
	}
	features := []attr.Value{}
	for _, field := range h.Features {
		features = append(features, types.StringValue(string(field)))
	}
	return types.ObjectValueMust(listedHostTypes(), map[string]attr.Value{
		"name": types.StringValue(h.Name), "uuid": types.StringValue(h.Identity.HostUUID),
		"hostname":  types.StringValue(h.Identity.Hostname),
		"reachable": types.BoolValue(true), "error": types.StringNull(),
		"libvirt_version": types.StringValue(explain.Version(h.Identity.LibvirtVersion)),
		"qemu_version":    types.StringValue(explain.Version(h.Identity.QEMUVersion)),
		"cpus":            types.Int64Value(int64(h.CPUs)), "memory_total_bytes": types.Int64Value(int64(h.Memory.Total)),
		"memory_available_bytes": types.Int64Value(int64(h.Memory.Available)),
		"running":                types.Int64Value(int64(h.Running)), "defined": types.Int64Value(int64(h.Defined)),
		"cluster": cluster, "migrations_in": in, "migrations_out": out,
		"features": types.SetValueMust(types.StringType, features),
		"cordoned": cordonedValue(standing), "cordoned_since": sinceValue(standing), "leases": leaseList(standing.Leases),
		"cordon_reason": textOrNull(standing.Cordon.Why), "evacuation": textOrNull(standing.Cordon.Evacuation),
	}), diags
}

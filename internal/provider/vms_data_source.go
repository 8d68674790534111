package provider

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
)

var _ datasource.DataSourceWithConfigure = (*vmsDataSource)(nil)

func newVMsDataSource() datasource.DataSource { return &vmsDataSource{} }

// vmsDataSource lists the VMs of the fleet.
type vmsDataSource struct{ providerData }

type vmsModel struct {
	Hosts       types.Set    `tfsdk:"hosts"`
	NameRegex   types.String `tfsdk:"name_regex"`
	States      types.Set    `tfsdk:"states"`
	WithPolicy  types.Bool   `tfsdk:"with_policy"`
	VMs         types.List   `tfsdk:"vms"`
	UnseenHosts types.Set    `tfsdk:"unseen_hosts"`
}

func (d *vmsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_vms"
}

func (d *vmsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The VMs of all hosts, each once, on the host that is its home: for `for_each` over a fleet. " +
			"It is read anew in each plan and apply, and needs libvirt 4.5 or later. A VM that a list cannot place, " +
			"such as one that runs on two hosts, is an error: it must not look as if it were gone.",
		Attributes: map[string]schema.Attribute{
			"hosts": schema.SetAttribute{
				MarkdownDescription: hostsFilterDescription,
				ElementType:         types.StringType,
				Optional:            true,
				Validators:          hostSetValidators(),
			},
			"name_regex": schema.StringAttribute{
				MarkdownDescription: nameRegexDescription,
				Optional:            true,
				Validators:          []validator.String{regularExpression{}},
			},
			"states": schema.SetAttribute{
				MarkdownDescription: statesFilterDescription,
				ElementType:         types.StringType,
				Optional:            true,
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1), setvalidator.ValueStringsAre(oneOf(vmStateNames()...)),
				},
			},
			"with_policy": schema.BoolAttribute{
				MarkdownDescription: "Whether the VMs have a record of a policy of their own, readable or not: `true` only those " +
					"that have one, `false` only those that have none. Default: both.",
				Optional: true,
			},
			"vms": schema.ListNestedAttribute{
				MarkdownDescription: "The VMs, in the order of their names.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: listedVMAttributes()},
			},
			"unseen_hosts": schema.SetAttribute{
				MarkdownDescription: "Hosts that could not be asked, whose VMs are missing in `vms`: only with " +
					"`unreachable_hosts = \"warn\"`. Where a resource has `for_each` over `vms`, give this data source " +
					"a `postcondition` that the set is empty: else a plan destroys what is declared for the VMs that are missing.",
				ElementType: types.StringType,
				Computed:    true,
			},
		},
	}
}

func listedVMAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"name": schema.StringAttribute{MarkdownDescription: "Name of the VM's libvirt domain.", Computed: true},
		"uuid": schema.StringAttribute{MarkdownDescription: "UUID of the VM: the key for `for_each`, as names may be equal " +
			"on different hosts.", Computed: true},
		"host": schema.StringAttribute{
			MarkdownDescription: "Host that the VM is on: a key of `hosts` in the provider's configuration. In mid-move it " +
				"is the source.",
			Computed: true,
		},
		"state": schema.StringAttribute{MarkdownDescription: vmStatesDescription, Computed: true},
		"persistent": schema.BoolAttribute{MarkdownDescription: "Whether the host keeps a definition of the VM; a " +
			"transient one is gone once it is shut off.", Computed: true},
		"autostart": schema.BoolAttribute{
			MarkdownDescription: "Whether libvirt starts the VM with the host.",
			Computed:            true,
		},
		"vcpus": schema.Int64Attribute{
			MarkdownDescription: "Number of virtual CPUs that the VM has now.",
			Computed:            true,
		},
		"memory_bytes": schema.Int64Attribute{
			MarkdownDescription: "Most memory that the VM can have, in bytes.",
			Computed:            true,
		},
		"cluster": schema.StringAttribute{
			MarkdownDescription: "Name of the cluster that the host is in, by its record; null when it is in none, or the " +
				"record cannot be read.",
			Computed: true,
		},
		"host_cordoned": schema.BoolAttribute{
			MarkdownDescription: "Whether the host is cordoned; null where its record cannot be read.",
			Computed:            true,
		},
		"evacuation": schema.StringAttribute{
			MarkdownDescription: "ID of the evacuation that is under way on the host, or was made and not undone; else null.",
			Computed:            true,
		},
		"lease": schema.SingleNestedAttribute{
			MarkdownDescription: "Lease of the move that takes the VM from its host, or waits for its turn to, of whichever " +
				"run of this provider; else null.",
			Computed:   true,
			Attributes: leaseAttributes(),
		},
		"policy": schema.SingleNestedAttribute{
			MarkdownDescription: "Policy that the VM's own record declares; a field that inherits is null. Null where the VM " +
				"has no record, or one that cannot be read.",
			Computed:   true,
			Attributes: effectiveAttributes(),
		},
	}
}

// listedVMTypes are the types of the members of a VM in a list.
var listedVMTypes = sync.OnceValue(func() map[string]attr.Type { return typesOf(listedVMAttributes()) })

func (d *vmsDataSource) Configure(
	_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse,
) {
	d.providerData = dataOf(req.ProviderData)
}

func (d *vmsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	const object = "VMs"
	var model vmsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if d.fleet == nil {
		resp.Diagnostics.Append(failed(explain.ReadTooEarly(object)))
		return
	}
	if resp.Diagnostics.Append(checkHosts(d.fleet, model.Hosts, path.Root("hosts"))...); resp.Diagnostics.HasError() {
		return
	}
	filter := vmFilter{hosts: namesIn(model.Hosts), states: namesIn(model.States), name: model.NameRegex}
	var vms []fleet.ListedVM
	var silent, unlisted []error
	for vm, err := range d.fleet.VMs(ctx, filter.domains()) {
		var unplaced *fleet.UnlistedError
		switch {
		case errors.As(err, &unplaced):
			unlisted = append(unlisted, err)
		case err != nil:
			silent = append(silent, err)
		case !filter.has(vm):
		case vm.Unread != nil:
			leaves := !model.WithPolicy.IsNull() // neither with a policy nor without
			resp.Diagnostics.Append(warned(explain.RecordUnread(vm.UnreadError(), leaves))...)
			if !leaves {
				vms = append(vms, vm)
			}
		case model.WithPolicy.IsNull() || model.WithPolicy.ValueBool() == !vm.Record.Gone():
			vms = append(vms, vm)
		}
	}
	unseen, err := d.fleet.Unanswered(silent)
	if err != nil {
		resp.Diagnostics.Append(diagnoseRead(d.fleet, "Read "+object, err)...)
		return
	}
	if len(unseen) > 0 {
		resp.Diagnostics.Append(warned(explain.UnseenByList(unseen))...)
	}
	resp.Diagnostics.Append(unplacedErrors("Read "+object, unlisted, len(unseen) > 0)...)
	model.UnseenHosts = hostSet(fleet.Silent(unseen))
	var diags diag.Diagnostics
	model.VMs, diags = listedVMs(vms)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	}
}

// unplacedErrors are those of VMs that cannot be placed. One that may be on a host which the
// plan goes on without is not told of: that the host is missing is.
func unplacedErrors(act string, errs []error, unseen bool) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, err := range errs {
		var behind *fleet.UnseenError
		if !unseen || !errors.As(err, &behind) {
			diags.Append(diagnose(act, err))
		}
	}
	return diags
}

// listedVMs are VMs in the order of their names, with a warning of each record that cannot be
// read.
func listedVMs(vms []fleet.ListedVM) (types.List, diag.Diagnostics) {
	slices.SortFunc(vms, func(a, b fleet.ListedVM) int {
		return cmp.Or(cmp.Compare(a.Location.Domain.Name, b.Location.Domain.Name),
			cmp.Compare(a.Location.Domain.UUID, b.Location.Domain.UUID))
	})
	var diags diag.Diagnostics
	told := map[string]bool{} // hosts whose records were told of
	elements := []attr.Value{}
	for _, vm := range vms {
		declared := types.ObjectNull(effectiveTypes())
		if vm.Unread == nil && !vm.Record.Gone() {
			record, err := vm.Record.Telling()
			if err == nil {
				declared = policyObject(record.Policy)
			} else {
				diags.Append(warned(explain.Unreadable(err))...)
			}
		}
		cluster, err := clusterName(vm.Cluster)
		if !told[vm.Location.Host] && err != nil {
			diags.Append(warned(explain.Unreadable(err))...)
		}
		if own := vm.Standing.Unreadable; !told[vm.Location.Host] && own != nil {
			diags.Append(warned(explain.HostRecordUnreadable(own))...)
		}
		told[vm.Location.Host] = true
		domain := vm.Location.Domain
		moves := types.ObjectNull(leaseTypes())
		if l := vm.Standing.Moves(domain.UUID); l != nil {
			moves = leaseObject(*l)
		}
		elements = append(elements, types.ObjectValueMust(listedVMTypes(), map[string]attr.Value{
			"name": types.StringValue(domain.Name), "uuid": types.StringValue(domain.UUID),
			"host":  types.StringValue(vm.Location.Host),
			"state": types.StringValue(vmStates[domain.State]), "persistent": types.BoolValue(domain.Persistent),
			"autostart": types.BoolValue(vm.Autostart), "vcpus": types.Int64Value(int64(vm.VCPUs)),
			"memory_bytes": types.Int64Value(int64(domain.MemoryBytes)), "cluster": cluster, "policy": declared,
			"host_cordoned": cordonedValue(vm.Standing), "evacuation": textOrNull(vm.Standing.Cordon.Evacuation), "lease": moves,
		}))
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: listedVMTypes()}, elements), diags
}

// clusterName is the name in a host's copy of the record of its cluster: null where there is
// none, or one that cannot be read.
func clusterName(c fleet.Copy) (types.String, error) {
	return textOrNull(c.Record.Cluster), c.Unreadable()
}

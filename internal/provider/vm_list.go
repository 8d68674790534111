package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/sanitize"
)

var _ list.ListResourceWithConfigure = (*vmListResource)(nil)

// vmListResource lists instances of a resource that is about one VM: the VMs that have a record.
type vmListResource struct {
	resourceBase

	description string
	// model is the instance of a VM as an import would read it, with what is to be said of it.
	// The configuration calls it by called.
	model func(vm fleet.ListedVM, called string) (policyHolder, diag.Diagnostics)
}

// newVMPolicyList lists the policies of VMs.
func newVMPolicyList() list.ListResource {
	return &vmListResource{
		resourceBase: newVMPolicyResource().(*vmPolicyResource).resourceBase, //nolint:forcetypeassert // it makes no other
		description: "Lists the VMs that have a policy of their own, as `terraform query` does: those whose libvirt domain " +
			"has a record.",
		model: listedPolicy,
	}
}

// newLiveMigrationList lists the hosts of the VMs that have a policy.
func newLiveMigrationList() list.ListResource {
	return &vmListResource{
		//nolint:forcetypeassert // it makes no other
		resourceBase: newLiveMigrationResource().(*liveMigrationResource).resourceBase,
		description: "Lists the VMs that have a policy of their own, with the host that each is on, as `terraform query` " +
			"does. To declare hosts of other VMs, list them by `virt_vms`.",
		model: listedPlacement,
	}
}

func listedPolicy(vm fleet.ListedVM, called string) (policyHolder, diag.Diagnostics) {
	domain := vm.Location.Domain
	model := &vmPolicyModel{
		VM: types.StringValue(called), ID: types.StringValue(domain.UUID), UUID: types.StringValue(domain.UUID),
		Drift: driftMap(nil), UnseenHosts: unseenHosts(vm.Location.Unseen),
	}
	taken, err := vm.Record.Telling()
	if err != nil {
		return model, warned(explain.Unreadable(err))
	}
	model.policyModel, model.Owner = policyModelOf(taken.Policy), textOrNull(taken.Owner)
	model.Drift = driftMap(vm.Record.Drift(taken.Policy))
	return model, nil
}

func listedPlacement(vm fleet.ListedVM, called string) (policyHolder, diag.Diagnostics) {
	return placementOf(types.StringValue(called), vm.Location), nil
}

func (l *vmListResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: l.description,
		Attributes: map[string]schema.Attribute{
			"hosts":      hostsFilter(hostsFilterDescription),
			"name_regex": nameFilter(),
			"states": schema.ListAttribute{
				MarkdownDescription: statesFilterDescription,
				ElementType:         types.StringType,
				Optional:            true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(oneOf(vmStateNames()...)),
				},
			},
		},
	}
}

// List gives the VMs that run as soon as their hosts have answered.
func (l *vmListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config struct {
		Hosts     types.List   `tfsdk:"hosts"`
		NameRegex types.String `tfsdk:"name_regex"`
		States    types.List   `tfsdk:"states"`
	}
	diags := req.Config.Get(ctx, &config)
	filter := vmFilter{hosts: textsOf(config.Hosts), states: textsOf(config.States), name: config.NameRegex}
	diags.Append(l.listable(filter.hosts)...)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		s := &listStream{req: req, push: push}
		defer s.end()
		if req.IncludeResource {
			l.giveNamed(ctx, s, filter)
			return
		}
		for vm, err := range l.fleet.VMs(ctx, filter.domains()) {
			if !l.give(ctx, s, filter, vm, err, vm.Location.Domain.Name) {
				return
			}
		}
	}
}

// giveNamed gives the VMs once all hosts have answered: a configuration calls a VM by its name
// only where no other VM has it, and "vm" takes it.
func (l *vmListResource) giveNamed(ctx context.Context, s *listStream, filter vmFilter) {
	var vms []fleet.ListedVM
	named := map[string]int{}
	for vm, err := range l.fleet.VMs(ctx, filter.named()) {
		if err != nil {
			if !s.warn(unlisted(l.object, err)) {
				return
			}
			continue
		}
		vms = append(vms, vm)
		named[vm.Location.Domain.Name]++
	}
	for _, vm := range vms {
		called := vm.Location.Domain.Name
		if named[called] > 1 || !isName(called) {
			called = vm.Location.Domain.UUID
		}
		if !l.give(ctx, s, filter, vm, nil, called) {
			return
		}
	}
}

// give gives one VM, or warns of what is missing; it is false where no more are wanted.
func (l *vmListResource) give(
	ctx context.Context, s *listStream, filter vmFilter, vm fleet.ListedVM, err error, called string,
) bool {
	switch {
	case err != nil:
		return s.warn(unlisted(l.object, err))
	case !filter.has(vm):
		return true
	case vm.Unread != nil:
		return s.warn(unlisted(l.object, vm.UnreadError()))
	case vm.Record.Gone():
		return true
	}
	domain := vm.Location.Domain
	model, diags := l.model(vm, called)
	return s.give(ctx, listItem{
		name:     fmt.Sprintf("%s on %s%s", sanitize.Text(domain.Name), vm.Location.Host, standingOf(vm)),
		identity: l.identity, value: types.StringValue(domain.UUID),
		model: model, warnings: diags,
	})
}

// standingOf is what a list says of a VM beside its host: that this is cordoned or evacuated, and that a move has its
// lease.
func standingOf(vm fleet.ListedVM) string {
	var said []string
	if vm.Standing.Cordon.Cordoned {
		said = append(said, "host cordoned")
	}
	if vm.Standing.Cordon.Evacuation != "" {
		said = append(said, "evacuation "+sanitize.Text(vm.Standing.Cordon.Evacuation))
	}
	if l := vm.Standing.Moves(vm.Location.Domain.UUID); l != nil {
		moves := "moved by the run "
		if l.Waits {
			moves = "waits to be moved by the run "
		}
		said = append(said, moves+sanitize.Text(l.Holder.Run))
	}
	if len(said) == 0 {
		return ""
	}
	return " (" + strings.Join(said, ", ") + ")"
}

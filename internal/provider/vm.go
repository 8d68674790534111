package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// isAnotherVM tells whether a changed "vm" means another VM than the one in
// state, or only spells the same one in another way. A VM that is not there yet is
// another one, and so is one that is not known yet: it comes from a domain that is
// to be made, and what belongs to the old VM must go before that does. An update in
// place could not become a replacement in the apply.
func isAnotherVM(ctx context.Context, f *fleet.Fleet, planned, state, uuid types.String) (bool, diag.Diagnostics) {
	switch {
	case planned.Equal(state):
		return false, nil
	case planned.IsUnknown():
		return true, nil
	}
	if given, ok := fleet.ParseUUID(planned.ValueString()); ok {
		return given != uuid.ValueString(), nil
	}
	if f == nil {
		return false, nil
	}
	location, err := f.Find(ctx, planned.ValueString(), "")
	var notFound *fleet.NotFoundError
	switch {
	case errors.As(err, &notFound):
		return true, nil
	case err != nil:
		return false, diag.Diagnostics{diagnose("Find Virtual Machine", err, path.Root("vm"))}
	}
	return location.Domain.UUID != uuid.ValueString(), nil
}

// nameInState is what state says a VM is called. A VM that was renamed keeps the
// name that the configuration has for it, so that it is not taken for another
// one; unless that name is another VM's by now, which the plan has to show.
func nameInState(ctx context.Context, f *fleet.Fleet, vm types.String, domain migration.Domain) (types.String, diag.Diagnostics) {
	if fleet.Fits(vm.ValueString(), domain) {
		return vm, nil
	}
	var (
		diags    diag.Diagnostics
		notFound *fleet.NotFoundError
	)
	if _, err := f.Find(ctx, vm.ValueString(), ""); !errors.As(err, &notFound) {
		return types.StringValue(domain.Name), nil
	}
	diags.AddAttributeWarning(path.Root("vm"), "Virtual Machine Renamed", fmt.Sprintf(
		"VM %q (%s) is called %q now. It is still the one that is managed here. Write its new name, or its UUID, in the configuration.",
		vm.ValueString(), domain.UUID, domain.Name))
	return vm, diags
}

// readDiagnostics is what a Read says when the VM could not be found. gone is
// true only when every host has said that it does not have the VM; what can not
// be seen is kept as state has it, with a warning. vm is what state calls the VM,
// and lost the host where it was last seen, where the configuration no longer has
// that one: the VM may still be there.
func readDiagnostics(f *fleet.Fleet, act string, err error, vm string, lost *fleet.Member) (diags diag.Diagnostics, gone bool) {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
	)
	switch {
	case err == nil:
	case errors.As(err, &notFound):
		if lost != nil {
			diags.AddWarning("Virtual Machine Out of Sight", fmt.Sprintf(
				"VM %q is on none of the hosts %s. It was last seen on %s, which the provider's configuration no longer has. State keeps what it says of the VM. "+
					"If that host is gone for good, remove this resource from the configuration.",
				vm, fleet.Quote(notFound.Hosts), identified([]fleet.Member{*lost})))
			return diags, false
		}
		diags.AddWarning("Virtual Machine Gone", fmt.Sprintf("VM %q is on none of the hosts %s. What Terraform manages of it is gone with it.", vm, fleet.Quote(notFound.Hosts)))
		return diags, true
	case errors.As(err, &unseen):
		diags.Append(unreachableWarning(unseen.Unseen)...)
	default:
		diags.Append(diagnoseRead(f, act, err)...)
	}
	return diags, false
}

// locationWarnings says what is unusual about where a VM is.
func locationWarnings(l fleet.Location) diag.Diagnostics {
	var diags diag.Diagnostics
	if len(l.Leftovers) > 0 {
		diags.AddWarning("VM Defined Elsewhere", fmt.Sprintf(
			"VM %s is on %s, and a shut-off definition of it is left on %s. Were both started, the VM would run twice. Remove it there (virsh undefine --keep-nvram --keep-tpm %s) once you are sure.",
			l.Domain.Name, l.Host, fleet.Quote(l.Leftovers), l.Domain.UUID))
	}
	if len(l.Paused) > 0 {
		diags.AddWarning("VM Paused Elsewhere", fmt.Sprintf(
			"VM %s is running on %s, and a paused copy of it is on %s. In the last moment of a migration that is normal; if it stays, remove the paused copy there (virsh destroy %s) and never resume it.",
			l.Domain.Name, l.Host, fleet.Quote(l.Paused), l.Domain.UUID))
	}
	diags.Append(unreachableWarning(l.Unseen)...)
	return diags
}

// lastHost is what the configuration calls the host now that a VM was last seen
// on. lost is that host where it is none of the provider's any more. Where hosts
// cannot be asked, whoever looks for the VM says so.
func lastHost(ctx context.Context, f *fleet.Fleet, i *instances, last fleet.Member) (name string, lost *fleet.Member, diags diag.Diagnostics) {
	now, renamed, gone, err := f.Recognise(ctx, last)
	switch {
	case err != nil:
		return last.Name, nil, nil
	case gone:
		return "", &last, nil
	case renamed != nil:
		return now.Name, nil, renamedWarning(i, []fleet.Renaming{*renamed})
	default:
		return now.Name, nil, nil
	}
}

// memberOf is the host that a VM was found on. One that does not answer any more
// is remembered by its name alone.
func memberOf(ctx context.Context, f *fleet.Fleet, name string) fleet.Member {
	member, err := f.Member(ctx, name)
	if err != nil {
		return fleet.Member{Name: name}
	}
	return member
}

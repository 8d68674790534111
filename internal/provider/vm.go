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
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// isAnotherVM tells whether a changed "vm" means another VM than the one in
// state, or only spells the same one in another way. A VM that is not there yet is
// another one, and so is one that is not known yet: it comes from a domain that is
// to be made, and what belongs to the old VM must go before that does. An update in
// place could not become a replacement in the apply. While that cannot be seen, and
// the plan is to go on, it is taken for the same VM; checkSameVM looks again.
func isAnotherVM(ctx context.Context, f *fleet.Fleet, planned, state, uuid types.String) (bool, diag.Diagnostics) {
	given, isUUID := fleet.ParseUUID(planned.ValueString())
	switch {
	case planned.Equal(state):
		return false, nil
	case planned.IsUnknown():
		return true, nil
	case isUUID && given == uuid.ValueString():
		return false, nil
	case f == nil:
		return isUUID, nil
	}
	location, err := f.Find(ctx, planned.ValueString(), "")
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
	)
	switch {
	case errors.As(err, &notFound):
		return true, nil
	case errors.As(err, &unseen):
		return false, unreachableWarning(unseen.Unseen)
	case err != nil:
		return false, diag.Diagnostics{diagnose("Find Virtual Machine", err, path.Root("vm"))}
	}
	return location.Domain.UUID != uuid.ValueString(), nil
}

// checkSameVM makes sure, before anything is changed, that "vm" spells the VM in
// state: what was planned as an update in place could not always be seen. act is
// what is to be done.
func checkSameVM(ctx context.Context, f *fleet.Fleet, act string, planned, state, uuid types.String) diag.Diagnostics {
	given, isUUID := fleet.ParseUUID(planned.ValueString())
	if planned.Equal(state) || isUUID && given == uuid.ValueString() {
		return nil
	}
	location, err := f.Find(ctx, planned.ValueString(), "")
	switch {
	case err != nil:
		return diag.Diagnostics{diagnose(act, err, path.Root("vm"))}
	case location.Domain.UUID != uuid.ValueString():
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("vm"), "Unable to "+act, fmt.Sprintf(
			"VM %q is the one with UUID %s on %s, and not the one with UUID %s that is managed here. That could not be seen when it was planned. Nothing was changed. Plan and apply again.",
			planned.ValueString(), location.Domain.UUID, location.Host, uuid.ValueString()))}
	}
	return nil
}

// nameInState is what state says a VM is called. A VM that was renamed keeps the
// name that the configuration has for it, so that it is not taken for another
// one; unless that name is seen to be another VM's by now, which the plan has to
// show.
func nameInState(ctx context.Context, f *fleet.Fleet, vm types.String, domain migration.Domain) (types.String, diag.Diagnostics) {
	given, isUUID := fleet.ParseUUID(vm.ValueString())
	fits := fleet.Fits(vm.ValueString(), domain)
	if fits && (!isUUID || given == domain.UUID) {
		return vm, nil
	}
	location, err := f.Find(ctx, vm.ValueString(), "")
	var ambiguous *fleet.AmbiguousNameError
	switch {
	case errors.As(err, &ambiguous), err == nil && location.Domain.UUID != domain.UUID:
		if fits { // by a name that is another one's UUID
			return types.StringValue(domain.UUID), nil
		}
		return types.StringValue(domain.Name), nil
	case fits:
		return vm, nil
	}
	var diags diag.Diagnostics
	diags.AddAttributeWarning(path.Root("vm"), "Virtual Machine Renamed", fmt.Sprintf(
		"VM %q (%s) is called %q now. It is still the one that is managed here. Write its new name, or its UUID, in the configuration.",
		vm.ValueString(), domain.UUID, domain.Name))
	return vm, diags
}

// managedVM is what state says of a VM: what the configuration calls it, its UUID,
// and the hosts it may be on.
type managedVM struct {
	vm, uuid   string
	remembered instance.Memory
}

// readDiagnostics is what a Read says when the VM could not be found. gone is
// true only when every host has said that it does not have the VM; what can not
// be seen is kept as state has it, with a warning.
func readDiagnostics(ctx context.Context, f *fleet.Fleet, act string, err error, vm managedVM) (diags diag.Diagnostics, gone bool) {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
	)
	switch {
	case err == nil:
	case errors.As(err, &notFound):
		detail, gone := vm.gone(ctx, f, notFound.Hosts)
		summary := "Virtual Machine Gone"
		if !gone {
			summary = "Virtual Machine Out of Sight"
		}
		diags.AddWarning(summary, detail)
		return diags, gone
	case errors.As(err, &unseen):
		diags.Append(unreachableWarning(unseen.Unseen)...)
	default:
		diags.Append(diagnoseRead(f, act, err)...)
	}
	return diags, false
}

// gone says that none of the hosts has the VM, and which one has its name now, if
// one does. gone is false for a VM that may be on a host which left the provider's
// configuration: a destroy still has to say so.
func (m managedVM) gone(ctx context.Context, f *fleet.Fleet, asked []string) (detail string, gone bool) {
	hosts := fleet.Quote(asked)
	lost := " What Terraform manages of it is gone with it."
	dropped, then := "", " The apply creates this resource again, for that."
	left := m.remembered.Lost(ctx, f)
	if gone = len(left) == 0; !gone {
		dropped = fmt.Sprintf(" It may be on %s, which the provider's configuration no longer has.", identified(left))
		then = " To manage that, remove this resource from state (terraform state rm), and apply."
		lost = fmt.Sprintf(" It may be on %s, which the provider's configuration no longer has. State keeps what it says of the VM; if it is gone for good, remove this resource from the configuration.", identified(left))
	}
	if given, ok := fleet.ParseUUID(m.vm); ok && given == m.uuid {
		return fmt.Sprintf("VM %s is on none of the hosts %s.%s", m.uuid, hosts, lost), gone
	}
	successor, err := f.Find(ctx, m.vm, "")
	var ambiguous *fleet.AmbiguousNameError
	switch {
	case err == nil:
		return fmt.Sprintf("VM %q is on %s with UUID %s now, and the one that was managed here had UUID %s, which is on none of the hosts %s.%s "+
			"Where the configuration still says %[1]q, it means the new one.%[7]s",
			m.vm, successor.Host, successor.Domain.UUID, m.uuid, hosts, dropped, then), gone
	case errors.As(err, &ambiguous):
		return fmt.Sprintf("VM %q, which had UUID %s, is on none of the hosts %s, and %s.%s", m.vm, m.uuid, hosts, ambiguous, lost), gone
	default:
		return fmt.Sprintf("VM %q (%s) is on none of the hosts %s.%s", m.vm, m.uuid, hosts, lost), gone
	}
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

package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/explain"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/provider/instance"
)

// isAnotherVM tells whether a changed "vm" means another VM than the one in state, or
// is the other spelling of the same one. A VM that does not exist or is unknown is
// another one: its domain is about to be created, and an update in place could not
// become a replacement in the apply. Where hosts cannot be asked and the plan goes on
// without them, it counts as the same VM; checkSameVM checks it in the apply.
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
		return false, diag.Diagnostics{diagnose("Find VM", err, path.Root("vm"))}
	}
	return location.Domain.UUID != uuid.ValueString(), nil
}

// checkSameVM checks, before anything is changed, that "vm" is the VM in state: the plan
// could not always see that. act is what is to be done.
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
		return diag.Diagnostics{failed(explain.OtherVM(act, planned.ValueString(), uuid.ValueString(), location),
			path.Root("vm"))}
	}
	return nil
}

// nameInState is the value of "vm" in state. A renamed VM keeps the name in the
// configuration, so that it is not taken for another one, unless another VM has that
// name now: the plan has to show that.
func nameInState(
	ctx context.Context, f *fleet.Fleet, vm types.String, domain migration.Domain,
) (types.String, diag.Diagnostics) {
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
	return vm, diag.Diagnostics{warnedAt(path.Root("vm"), explain.Renamed(vm.ValueString(), domain.UUID, domain.Name))}
}

// calledInState is what "vm" is in state after an import: the ID that was given, or, where the
// VM was given by its identity, its name, unless that fits another VM or "vm" refuses it.
func calledInState(ctx context.Context, f *fleet.Fleet, id string, domain migration.Domain) types.String {
	if id != "" {
		return types.StringValue(id)
	}
	if !isName(domain.Name) {
		return types.StringValue(domain.UUID)
	}
	if location, err := f.Find(ctx, domain.Name, ""); err == nil && location.Domain.UUID == domain.UUID {
		return types.StringValue(domain.Name)
	}
	return types.StringValue(domain.UUID)
}

// managedVM is what state says of a VM: what the configuration calls it, its UUID,
// and the hosts it may be on.
type managedVM struct {
	vm, uuid   string
	remembered instance.Memory
}

// readDiagnostics is the diagnostics of a Read that did not find the VM. gone is true
// only when every host has answered that it does not have it; what cannot be seen is
// kept in state, with a warning.
func readDiagnostics(
	ctx context.Context, f *fleet.Fleet, act string, err error, vm managedVM,
) (diags diag.Diagnostics, gone bool) {
	var (
		notFound *fleet.NotFoundError
		unseen   *fleet.UnseenError
	)
	switch {
	case err == nil:
	case errors.As(err, &notFound):
		lost := vm.gone(ctx, f, notFound.Hosts)
		return warned(lost.Warning()), len(lost.Former) == 0
	case errors.As(err, &unseen):
		diags.Append(unreachableWarning(unseen.Unseen)...)
	default:
		diags.Append(diagnoseRead(f, act, err)...)
	}
	return diags, false
}

// gone is the facts about a VM that none of the hosts has, and about the VM that has its
// name now, if one does. It names former hosts where the VM may be on one that left the
// provider's configuration: a destroy still has to warn of it.
func (m managedVM) gone(ctx context.Context, f *fleet.Fleet, asked []string) explain.Gone {
	g := explain.Gone{VM: m.vm, UUID: m.uuid, Asked: asked, Former: m.remembered.Lost(ctx, f)}
	if given, ok := fleet.ParseUUID(m.vm); ok && given == m.uuid {
		g.VM = m.uuid
		return g
	}
	successor, err := f.Find(ctx, m.vm, "")
	var ambiguous *fleet.AmbiguousNameError
	switch {
	case err == nil:
		g.Successor = &successor
	case errors.As(err, &ambiguous):
		g.Unclear = ambiguous
	}
	return g
}

// leavingWarnings warns of a migration that takes a VM away from where it is.
func leavingWarnings(l fleet.Location) diag.Diagnostics {
	if len(l.Receiving) == 0 {
		return nil
	}
	return diag.Diagnostics{warnedAt(path.Root("vm"), explain.Leaving(l))}
}

// locationWarnings warns of what is unusual about where a VM is.
func locationWarnings(l fleet.Location) diag.Diagnostics { return warned(explain.Unusual(l)...) }

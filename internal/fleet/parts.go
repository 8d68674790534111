package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// parts are the two hosts of a post-copy that has lost its link, and what each holds of the VM.
type parts struct{ source, destination migration.Observation }

// seekParts asks all hosts for a VM, given by name or UUID. A host that does not answer is left out:
// what the two hosts hold that matter is not to be mistaken.
func (f *Fleet) seekParts(ctx context.Context, vm string) (migration.Whereabouts, error) {
	byUUID := func(uuid string) migration.Whereabouts {
		return f.ask(vm, func(h *host.Host) ([]migration.Domain, error) { return one(h.Domain(ctx, uuid)) })
	}
	if given, isUUID := ParseUUID(vm); isUUID {
		if w := byUUID(given); len(w.Seen()) > 0 {
			return w, nil
		}
	}
	named := f.ask(vm, func(h *host.Host) ([]migration.Domain, error) { return one(h.DomainByName(ctx, vm)) })
	if err := oneVM(named); err != nil {
		return named, err
	}
	if seen := named.Seen(); len(seen) > 0 {
		return byUUID(seen[0].Domain.UUID), nil
	}
	return named, nil
}

// operations are what the jobs do that the hosts have for a VM, by host: they tell the source of a
// post-copy from its destination.
func (f *Fleet) operations(ctx context.Context, w migration.Whereabouts) map[string]migration.JobOperation {
	all := map[string]migration.JobOperation{}
	var asked []*host.Host
	for _, o := range w.Seen() {
		if h, err := f.host(o.Host); err == nil && inPostCopy(o) {
			asked = append(asked, h)
		}
	}
	uuid := ""
	if seen := w.Seen(); len(seen) > 0 {
		uuid = seen[0].Domain.UUID
	}
	for i, operation := range each(asked, func(h *host.Host) migration.JobOperation {
		operation, _ := h.Operation(ctx, uuid) // not known where it does not say
		return operation
	}) {
		all[asked[i].Name()] = operation
	}
	return all
}

func inPostCopy(o migration.Observation) bool {
	return o.Is(migration.StatePostCopyFailed, migration.StatePostCopySource, migration.StatePostCopy)
}

// tellParts decides from what hosts have said which two hold the parts of a VM whose post-copy has
// lost its link. Where nothing of a post-copy is to be seen, home is where the VM is active.
func tellParts(w migration.Whereabouts, does map[string]migration.JobOperation) (p parts, home *Location, err error) {
	held := slices.DeleteFunc(w.Seen(), func(o migration.Observation) bool { return !o.Domain.Active() })
	broken := slices.DeleteFunc(slices.Clone(held), func(o migration.Observation) bool { return !inPostCopy(o) })
	switch {
	case len(broken) == 0:
		home, err = unbroken(w)
		return parts{}, home, err
	case len(held) == 1:
		return parts{}, nil, &PartMissingError{Seen: w, Part: held[0]}
	case len(held) == 2:
		for _, p := range []parts{{held[0], held[1]}, {held[1], held[0]}} {
			from, to := does[p.source.Host], does[p.destination.Host]
			if from != to && (from == migration.OperationMigrationOut || to == migration.OperationMigrationIn) {
				return p, nil, nil
			}
		}
	}
	return parts{}, nil, &BrokenPostCopyError{
		Name: held[0].Domain.Name, UUID: held[0].Domain.UUID, Hosts: hostsSeen(held),
	}
}

// unbroken is where a VM is that has no broken post-copy.
func unbroken(w migration.Whereabouts) (*Location, error) {
	seen := w.Seen()
	if len(seen) == 0 || !slices.ContainsFunc(seen, active) {
		if _, err := unheard(w, func(error) bool { return false }); err != nil {
			return nil, err
		}
	}
	if len(seen) == 0 {
		return nil, &NotFoundError{VM: w.VM, Hosts: hostsSeen(w.Hosts)}
	}
	location, err := atHome(seen, "")
	if err != nil {
		return nil, err
	}
	if !location.Domain.Active() {
		return nil, &NoPostCopyError{Location: location}
	}
	return &location, nil
}

// NoPostCopyError is a VM that was to be recovered, and does not run anywhere.
type NoPostCopyError struct{ Location Location }

func (e *NoPostCopyError) Error() string {
	return fmt.Sprintf("VM %s is %s on %s: it has no post-copy that could be recovered",
		e.Location.Domain.Name, e.Location.Domain.State, e.Location.Host)
}

// PartMissingError is a VM of which one host holds a part of a post-copy, and no host that answered
// the other one.
type PartMissingError struct {
	Seen migration.Whereabouts
	Part migration.Observation
}

func (e *PartMissingError) Error() string {
	return fmt.Sprintf("of the post-copy migration of VM %s only the part on %s was found", e.Part.Domain.Name,
		e.Part.Host)
}

// Whereabouts is what the hosts said.
func (e *PartMissingError) Whereabouts() migration.Whereabouts { return e.Seen }

// Unwrap gives why hosts did not answer.
func (e *PartMissingError) Unwrap() []error {
	var silent []error
	for _, o := range e.Seen.Hosts {
		if !o.Known() && !errors.Is(o.Err, migration.ErrNoDomain) {
			silent = append(silent, o.Err)
		}
	}
	return silent
}

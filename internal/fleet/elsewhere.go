package fleet

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// ElsewhereError is a move that failed, after which the VM was found on a host
// that is neither the source nor the destination: somebody else has moved it
// there.
type ElsewhereError struct {
	migration.Diagnosis
	// Found is the third host's view of it.
	Found Look

	failure *migration.Failure
}

func (e *ElsewhereError) Error() string {
	return strings.Join([]string{e.failure.Happened, "Somebody else has moved or started the VM on another host in the meantime.", e.Found.Whereabouts()}, "\n\n")
}

func (e *ElsewhereError) Unwrap() error { return e.Diagnosis }

// elsewhere looks at the hosts that had no part in a move, when those that had do
// not hold the VM or do not say. It returns the error that is true then.
func (f *Fleet) elsewhere(ctx context.Context, r migration.Request, err error) error {
	failure := failureOf(err)
	if failure == nil || failure.Outcome.Place() != migration.OnNeither && failure.Outcome.Place() != migration.Unknown {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	bystanders := slices.DeleteFunc(slices.Clone(f.hosts), func(h *host.Host) bool { return h.Name() == r.Source.Name() || h.Name() == r.Destination.Name() })
	var found Look
	for _, s := range each(bystanders, func(h *host.Host) Sighting {
		d, err := h.Domain(ctx, r.UUID)
		if err != nil {
			return Sighting{}
		}
		return Sighting{Host: h.Name(), Domain: d}
	}) {
		if homes, _ := apart([]Sighting{s}); s.active() && len(homes) > 0 {
			found.Seen, found.Answered = append(found.Seen, s), append(found.Answered, s.Host)
		}
	}
	var diagnosis migration.Diagnosis
	if len(found.Seen) == 0 || !errors.As(err, &diagnosis) {
		return err
	}
	return &ElsewhereError{Diagnosis: diagnosis, Found: found, failure: failure}
}

// failureOf is what all of the engine's errors have in common; nil when the
// error is none of them.
func failureOf(err error) *migration.Failure {
	var (
		refused      *migration.PreflightError
		cancelled    *migration.CancelledError
		timedOut     *migration.TimedOutError
		notConverged *migration.NotConvergedError
		failed       *migration.FailedError
	)
	switch {
	case errors.As(err, &refused):
		return &refused.Failure
	case errors.As(err, &cancelled):
		return &cancelled.Failure
	case errors.As(err, &timedOut):
		return &timedOut.Failure
	case errors.As(err, &notConverged):
		return &notConverged.Failure
	case errors.As(err, &failed):
		return &failed.Failure
	}
	return nil
}

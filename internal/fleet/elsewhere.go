package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// observeElsewhere asks the other hosts about the VM when neither host of a move was seen
// to run it, and adds to the error what they said where that matters.
func (f *Fleet) observeElsewhere(ctx context.Context, r migration.Request, err error) {
	var diagnosis migration.Diagnosis
	if !errors.As(err, &diagnosis) || runs(diagnosis.Common().Outcome) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), observeDeadline)
	defer cancel()
	bystanders := slices.DeleteFunc(slices.Clone(f.hosts), func(h *host.Host) bool {
		return h.Name() == r.Source.Name() || h.Name() == r.Destination.Name()
	})
	addElsewhere(diagnosis.Common(), each(bystanders, func(h *host.Host) migration.Observation {
		d, err := h.Domain(ctx, r.UUID)
		return migration.Observation{Host: h.Name(), Domain: d, Err: err}
	}))
}

// runs tells whether one of a move's two hosts was seen to run the VM.
func runs(o migration.Outcome) bool {
	switch o.Place() {
	case migration.OnSource, migration.OnDestination, migration.OnBoth, migration.FetchingMemory:
		return true
	case migration.PausedOnSource, migration.PausedOnDestination, migration.PausedOnBoth, migration.SplitMemory,
		migration.OnNeither, migration.Unknown:
	}
	return false
}

// addElsewhere adds what other hosts said, where one of them holds the VM or an incoming
// domain of it. An incoming domain is no news for a move that was not begun: its own
// checks report it (migration.Request.Rival).
func addElsewhere(f *migration.Failure, third []migration.Observation) {
	f.Elsewhere = third
	if len(f.Holders()) == 0 && (len(f.Receivers()) == 0 || f.Outcome.Untouched) {
		f.Elsewhere = nil
	}
}

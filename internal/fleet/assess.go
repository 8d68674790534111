package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Assess checks, while planning, what speaks against a move. It checks nothing when the
// VM is on its destination already.
func (f *Fleet) Assess(ctx context.Context, m Move) (Location, preflight.Assessment, error) {
	resolution, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	if resolution.Location.source(m.Destination) == m.Destination {
		return resolution.Location, preflight.Assessment{}, nil
	}
	request, err := f.request(m, resolution)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	return resolution.Location, preflight.Assess(ctx, request), nil
}

// examine makes all checks once more before the start of a move, also those for which
// reading is not enough, and reports what could not be checked.
func examine(
	ctx context.Context, r preflight.Request, a migration.Assessment, report func(Progress),
) []migration.Finding {
	r.Thorough = true
	findings, unchecked := preflight.Examine(ctx, r, a)
	for _, u := range unchecked {
		if u.Notable() {
			p := Progress{Unchecked: &u}
			p.Subject, p.Phase = u.Subject, migration.PhaseStarting
			report(p)
		}
	}
	return findings
}

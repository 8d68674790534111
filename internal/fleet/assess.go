package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Assess checks, while planning, what speaks against a move. It checks nothing when the
// VM is on its destination already, nor when it is to be left where it is shut off.
func (f *Fleet) Assess(ctx context.Context, m Move) (Location, preflight.Assessment, error) {
	resolution, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	if resolution.Location.source(m.Destination) == m.Destination || m.Leaves(resolution.Location) {
		return resolution.Location, preflight.Assessment{}, nil
	}
	unsettled := m.Unsettled
	if m.Foresee != nil {
		if foreseen := m.Foresee(ctx, resolution.Location); foreseen != nil {
			resolution.Policy = *foreseen
		} else {
			unsettled = true
		}
	}
	request, _, err := f.request(ctx, m, resolution)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	request.Unsettled = unsettled
	// Its files have to be there, or certainly not to be: a host must say so.
	request.Thorough = m.Thorough || request.Move.Definition || copies(request.Move) || len(request.Leftovers) > 0
	return resolution.Location, preflight.Assess(ctx, request), nil
}

// examine makes all checks once more before the start of a move, also those for which
// reading is not enough, and reports what could not be checked.
func examine(
	ctx context.Context, r preflight.Request, a migration.Assessment, report func(Progress),
) preflight.Examined {
	r.Thorough, r.Fresh = true, true
	examined := preflight.Examine(ctx, r, a)
	unchecked := preflight.Assessment{Assessment: a, Unchecked: examined.Unchecked}
	if notable := unchecked.Notable(); len(notable) > 0 {
		p := Progress{Unchecked: notable}
		p.Subject, p.Phase = r.Move.Subject(), migration.PhaseStarting
		report(p)
	}
	return examined
}

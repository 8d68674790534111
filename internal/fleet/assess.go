package fleet

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Planned is a move as a plan sees it.
type Planned struct {
	// Move has its destination, but where it leaves a VM that is shut off where it is.
	Move     Move
	Location Location
	preflight.Assessment
	// Choice is how the destination was chosen; nil where it was given, or the VM is on one of
	// the candidates or on its way to one.
	Choice *placement.Choice
}

// Plan chooses the destination of a move as it would be chosen now, where that is to be
// chosen, and assesses it. The error is that of Assess, or a *NoDestinationError.
func (f *Fleet) Plan(ctx context.Context, m Move) (Planned, error) {
	resolution, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Planned{}, err
	}
	search := f.search(m)
	search.plans = true // the next plan of this run counts the VM where this one has it go
	for {
		if err := search.direct(ctx, &m, resolution.Location); err != nil {
			return Planned{Location: resolution.Location}, err
		}
		assessment, err := f.assess(ctx, m, resolution)
		if err != nil {
			return Planned{}, err
		}
		if !search.refuses(m.Destination, assessment.Errors()) {
			return Planned{Move: m, Location: resolution.Location, Assessment: assessment, Choice: search.choice}, nil
		}
	}
}

// Assess checks, while planning, what speaks against a move. It checks nothing when the
// VM is on its destination already, nor when it is to be left where it is shut off.
func (f *Fleet) Assess(ctx context.Context, m Move) (Location, preflight.Assessment, error) {
	resolution, err := f.Resolve(ctx, m.VM, m.Last, m.Policy)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	assessment, err := f.assess(ctx, m, resolution)
	if err != nil {
		return Location{}, preflight.Assessment{}, err
	}
	return resolution.Location, assessment, nil
}

func (f *Fleet) assess(ctx context.Context, m Move, r Resolution) (preflight.Assessment, error) {
	if r.Location.source(m.Destination) == m.Destination || m.Leaves(r.Location) {
		return preflight.Assessment{}, nil
	}
	unsettled := m.Unsettled
	if m.Foresee != nil {
		if foreseen := m.Foresee(ctx, r.Location); foreseen != nil {
			r.Policy = *foreseen
		} else {
			unsettled = true
		}
	}
	request, _, err := f.request(ctx, m, r)
	if err != nil {
		return preflight.Assessment{}, err
	}
	request.Unsettled = unsettled
	// Its files have to be there, or certainly not to be: a host must say so.
	request.Thorough = m.Thorough || request.Move.Definition || copies(request.Move) || len(request.Leftovers) > 0
	return preflight.Assess(ctx, request), nil
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

package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// assessedAtOnce is to how many hosts a VM's move is assessed at a time.
const assessedAtOnce = 4

// Destinations says which of the candidates, or of all hosts where there are none, a VM could be moved to under the
// policy of its records: a host is rejected, too, where the checks of a move find an error. Nothing is promised to
// the VM. The error is that of Resolve, or an *UnknownHostError.
func (f *Fleet) Destinations(ctx context.Context, vm string, among Candidates) (Location, placement.Choice, error) {
	hosts := f.Names()
	if !among.None() {
		if _, err := f.all(among.Hosts); err != nil {
			return Location{}, placement.Choice{}, err
		}
		var err error
		if hosts, err = f.candidates(ctx, among); err != nil {
			return Location{}, placement.Choice{}, err
		}
	}
	resolution, err := f.Resolve(ctx, vm, "", policy.Policy{})
	if err != nil {
		return Location{}, placement.Choice{}, err
	}
	w, wanted := f.world(ctx, resolution.Location)
	choice := placement.Choose(w, wanted, hosts)
	if wanted.Refused, err = f.refusals(ctx, Move{VM: vm}, resolution, choice.Candidates); err != nil {
		return Location{}, placement.Choice{}, err
	}
	return resolution.Location, placement.Choose(w, wanted, hosts), nil
}

// refusals are the candidates on which the checks of a move find an error, with the first of them.
func (f *Fleet) refusals(
	ctx context.Context, m Move, r Resolution, candidates []placement.Candidate,
) (map[string]fmt.Stringer, error) {
	refused := map[string]fmt.Stringer{}
	for batch := range slices.Chunk(candidates, assessedAtOnce) {
		assessments, errs := tryEach(batch, func(c placement.Candidate) (preflight.Assessment, error) {
			to := m
			to.Destination = c.Host
			return f.assess(ctx, to, r)
		})
		for i, a := range assessments {
			if errs[i] != nil {
				return nil, errs[i]
			}
			if findings := a.Errors(); len(findings) > 0 {
				refused[batch[i].Host] = findings[0]
			}
		}
	}
	return refused, nil
}

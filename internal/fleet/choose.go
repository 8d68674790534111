package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// NoDestinationError is a VM for which none of the candidates will do.
type NoDestinationError struct {
	Location Location
	Among    Candidates
	// Rejected are the candidates, each with the one reason that binds; none where the cluster
	// has no host.
	Rejected map[string]placement.Reason
}

func (e *NoDestinationError) Error() string {
	return fmt.Sprintf("VM %s: none of %d hosts can be its destination", e.Location.Domain.Name, len(e.Rejected))
}

// Closed tells whether a candidate is cordoned, or is about to be: the VM may go there once it is open.
func (e *NoDestinationError) Closed() bool {
	for _, why := range e.Rejected {
		if placement.Closed(why) {
			return true
		}
	}
	return false
}

// search finds a destination for a move that leaves that open, and again where a host turns
// out to refuse the VM.
type search struct {
	fleet *Fleet
	among Candidates
	// refused are hosts that turned out to refuse the VM.
	refused map[string]fmt.Stringer
	// choice is the last one; nil where nothing was to be chosen.
	choice *placement.Choice
	// plans is true for the search of a plan: what it promises is held by nobody.
	plans bool
	// forget ends what is promised to the VM; nil where nothing is.
	forget func()
	// lapsed is how often the choice did not hold until the move had its places.
	lapsed int
}

func (f *Fleet) search(m Move) *search {
	return &search{fleet: f, among: m.Among, refused: map[string]fmt.Stringer{}}
}

// end takes back what was promised to the VM: it is where it is by now.
func (s *search) end() {
	if s.forget != nil {
		s.forget()
		s.forget = nil
	}
}

// promise promises a host to the VM, instead of the last one.
func (s *search) promise(uuid, host string) {
	if s.plans {
		s.fleet.promises.plan(uuid, promise{host: host})
		return
	}
	forget := s.fleet.promises.keep(uuid, promise{host: host})
	s.end()
	s.forget = forget
}

// direct gives a move that leaves it open its destination. A VM that is on one of the
// candidates stays, one that is on its way to one goes there, and one that is to be left
// where it is gets none. What the VM takes counts there from now on, also where the move
// names its destination.
func (s *search) direct(ctx context.Context, m *Move, l Location) error {
	if s.among.None() {
		if l.Domain.Active() && l.Host != m.Destination {
			s.promise(l.Domain.UUID, m.Destination)
		}
		return nil
	}
	s.choice, m.Destination, m.chosen = nil, "", false
	hosts, err := s.fleet.candidates(ctx, s.among)
	if err != nil {
		return err
	}
	if slices.Contains(hosts, l.Host) {
		m.Destination = l.Host
		return nil
	}
	if m.Leaves(l) {
		return nil
	}
	for _, receiving := range l.Receiving {
		if slices.Contains(hosts, receiving) && s.refused[receiving] == nil {
			m.Destination = receiving
			return nil
		}
	}
	return s.choose(ctx, m, l, hosts)
}

func (s *search) choose(ctx context.Context, m *Move, l Location, hosts []string) error {
	release, err := s.fleet.promises.alone(ctx)
	if err != nil {
		return err
	}
	defer release()
	w, vm := s.fleet.world(ctx, l)
	vm.Refused = s.refused
	choice := placement.Choose(w, vm, hosts)
	s.choice = &choice
	best, ok := choice.Best()
	if !ok {
		return &NoDestinationError{Location: l, Among: s.among, Rejected: choice.Rejected}
	}
	s.promise(vm.UUID, best.Host)
	m.Destination, m.chosen = best.Host, true
	return nil
}

// tell reports how the destination was chosen.
func (s *search) tell(l Location, report func(Progress)) {
	if s.choice == nil {
		return
	}
	best, _ := s.choice.Best()
	p := Progress{Choice: s.choice}
	p.Subject = l.subject(best.Host)
	report(p)
}

// refuses notes a host that was chosen and on which the checks have found what keeps the VM
// from it. It is false where there is nothing to be chosen instead: the VM itself is at fault.
func (s *search) refuses(destination string, findings []migration.Finding) bool {
	if s.choice == nil || len(findings) == 0 {
		return false
	}
	for _, f := range findings {
		if _, policy := f.Fact.(preflight.PolicyConflict); policy ||
			f.Host != destination && (f.Check == migration.CheckAnswers || preflight.Attribute(f.Check) == "vm") {
			return false
		}
	}
	s.refused[destination] = findings[0]
	return true
}

// again tells whether another destination is to be looked for after an error of the move to one. What comes between a
// choice and its move may go as it came, also where nothing else is left: then some time has to pass.
func (s *search) again(ctx context.Context, destination string, err error, report func(Progress)) bool {
	var lapsed *LapsedChoiceError
	var nowhere *NoDestinationError
	switch {
	case s.refusedBy(destination, err):
		return true
	case s.choice != nil && errors.As(err, &lapsed):
		report(lapsed.progress())
	case s.lapsed == 0 || !errors.As(err, &nowhere):
		return false
	}
	s.lapsed++
	return s.lapsed <= mostLapses && wait(ctx, pauseAfter(s.lapsed)) == nil
}

// refusedBy is refuses for a move that was not started.
func (s *search) refusedBy(destination string, err error) bool {
	var refused *migration.PreflightError
	return errors.As(err, &refused) && s.refuses(destination, refused.Findings)
}

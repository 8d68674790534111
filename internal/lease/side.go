package lease

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// Ticket is the turn of a move that waits. Numbers are drawn per host, each larger than all there, so that turns go by
// order of arrival and no clock.
type Ticket struct {
	Number int
	// VM is the UUID of the VM.
	VM string
	// Holder is who waits, as far as that is known.
	Holder Holder
}

// before tells whether a ticket's turn is first. The order is the same on every host, so that no two moves ever wait
// for each other.
func (t Ticket) before(other Ticket) bool {
	return t.Number < other.Number || t.Number == other.Number && t.VM < other.VM
}

// Place is a lease of a place that is held.
type Place struct {
	N      int
	Holder Holder
}

// Side is what a host says of the migrations in one direction.
type Side struct {
	// Limit is how many may run at a time.
	Limit int
	// Running are the VMs whose migration runs, whoever has started it: their names by UUID.
	Running map[string]string
	// Places are the leases that somebody renews, and Tickets those of the moves that wait.
	Places  []Place
	Tickets []Ticket
}

// Obstacle is what keeps a move from a place.
type Obstacle int

// The obstacles.
const (
	// None lets it have one.
	None Obstacle = iota
	// Moving is another run that moves the same VM.
	Moving
	// Full is a host on which as many migrations run, or are about to start, as may.
	Full
	// Kept is a host with a free place that is kept for a move which has waited longer.
	Kept
)

// Obstacle is what keeps a VM's move of a run from a place, whether the move has leased it already or not. ticket is
// what it waits with; nil for a move that has just come. A migration and the lease that stands for it are one.
func (s Side) Obstacle(vm, run string, ticket *Ticket) Obstacle {
	if _, runs := s.Running[vm]; runs {
		return None // it has a place already, whatever the limit is
	}
	for _, p := range s.Places {
		if p.Holder.VM == vm && p.Holder.Run != run {
			return Moving
		}
	}
	taken := s.taken()
	delete(taken, vm)
	if len(taken) >= s.Limit {
		return Full
	}
	for _, earlier := range s.Tickets {
		if earlier.VM != vm && (ticket == nil || earlier.before(*ticket)) {
			taken[earlier.VM] = Holder{}
		}
	}
	if len(taken) >= s.Limit {
		return Kept
	}
	return None
}

// taken are the VMs that have a place, by UUID, with what is known of who moves them. A lease of which nobody knows
// what it is for counts as one.
func (s Side) taken() map[string]Holder {
	taken := map[string]Holder{}
	for vm, name := range s.Running {
		taken[vm] = Holder{VM: vm, Name: name}
	}
	for _, p := range s.Places {
		key := p.Holder.VM
		if key == "" {
			key = strconv.Itoa(p.N)
		}
		taken[key] = p.Holder
	}
	return taken
}

// Holders are who has places but the VM itself, by name.
func (s Side) Holders(vm string) []Holder {
	taken := s.taken()
	delete(taken, vm)
	return slices.SortedFunc(maps.Values(taken), func(a, b Holder) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.VM, b.VM))
	})
}

// First is who waits first, but for the VM itself; a place that is free is kept for that.
func (s Side) First(vm string) Holder {
	var first Ticket
	for _, t := range s.Tickets {
		if t.VM != vm && (first.Number == 0 || t.before(first)) {
			first = t
		}
	}
	return first.Holder
}

// Free is the lowest place of which nobody has the lease; 0 where there is none.
func (s Side) Free() int {
	for n := 1; n <= s.Limit; n++ {
		if !slices.ContainsFunc(s.Places, func(p Place) bool { return p.N == n }) {
			return n
		}
	}
	return 0
}

// Last is the largest number of a ticket; 0 where nobody waits.
func (s Side) Last() int {
	last := 0
	for _, t := range s.Tickets {
		last = max(last, t.Number)
	}
	return last
}

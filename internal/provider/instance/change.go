package instance

import (
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Change is what one run makes of a record.
type Change struct {
	Record
	// Hosts get the record of a cluster or of the global settings, or lose it.
	Hosts []string
	// Removed is true where the record goes.
	Removed bool
	// Unknown is true while it is not known what the record will say, or of what it is.
	Unknown bool
	Policy  policy.Policy
	// Unwritten is true while the change is still to be made, Failed once it could not
	// be.
	Unwritten, Failed bool
}

// Record is what a record is of.
type Record struct {
	// Level is policy.OriginVM, policy.OriginCluster or policy.OriginGlobal.
	Level policy.Origin
	// Of is the VM's name or UUID, or the cluster's name; empty for the global settings,
	// and where it is not known yet.
	Of string
}

// mayConcern tells whether the record may be one that holds for the move's VM.
func (r Record) mayConcern(m Move) bool {
	return r.Level != policy.OriginVM || r.Of == "" || r.Of == m.VM || fleet.Fits(r.Of, m.Location.Domain)
}

// concerns tells whether the change is to a record that holds for the move's VM where
// that is.
func (c Change) concerns(m Move) bool {
	if c.Level == policy.OriginVM {
		return c.mayConcern(m)
	}
	return len(c.Hosts) == 0 || slices.Contains(c.Hosts, m.Location.Host)
}

// Move is a move that one run makes.
type Move struct {
	// VM is its name or UUID, as the resource has it.
	VM string
	// Cluster is the one whose hosts it chooses from; empty where it does not.
	Cluster string
	// Location is where the VM is; empty where that was not seen.
	Location fleet.Location
	// Policy is the effective policy that its plan saw coming; nil where that was not
	// known.
	Policy *policy.Effective
}

package fleet

import (
	"fmt"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Progress is what is told of a move while it goes on: what it waits for, or how its
// migration goes.
type Progress struct {
	migration.Progress

	// Waiting is what the move waits for before its migration starts; zero when it
	// waits for nothing.
	Waiting Wait
	// Choice is how the destination was chosen, told before anything else of it; else nil.
	Choice *placement.Choice
	// Lapsed is why the VM cannot go to the destination that was chosen any more: another is looked for; else nil.
	Lapsed placement.Reason
	// Unleased are why hosts keep no leases: what other runs are about to start there is not counted.
	Unleased []error
	// Unchecked is what could not be checked before the start, as far as that is unusual.
	Unchecked []preflight.Unchecked
	// Forecast is what the move is forecast to be like, told before it starts; else nil.
	Forecast *Forecast
}

// WaitKind is what a move waits for.
type WaitKind string

// The kinds.
const (
	// NoWait lets the move start.
	NoWait WaitKind = ""
	// OtherMove is another move of the VM that is under way, of this run or, where it has holders, of another one;
	// EarlierMove is one that has waited longer.
	OtherMove   WaitKind = "another move of the VM"
	EarlierMove WaitKind = "an earlier move of the VM"
	// FullSource sends as many VMs as Limit allows, FullDestination receives as many.
	FullSource      WaitKind = "source full"
	FullDestination WaitKind = "destination full"
	// KeptSource and KeptDestination have a free slot that is kept for a move which has
	// waited longer.
	KeptSource      WaitKind = "source kept"
	KeptDestination WaitKind = "destination kept"
)

// Wait is what a move waits for before it starts.
type Wait struct {
	Kind WaitKind
	// Host is where, and Limit how many migrations it may have at a time.
	Host  string
	Limit int
	// Port is the fixed port of a destination that receives one VM at a time because of it;
	// else 0.
	Port uint16
	// Holders are who has the places, as the host says, or whom a free one is kept for. There are none of what is known
	// without asking a host.
	Holders []PlaceHolder
}

// PlaceHolder is a move that has a place on a host, or waits for one.
type PlaceHolder struct {
	// VM is the UUID of the VM, and Name its name.
	VM, Name string
	// Run is the run that moves it; empty for a migration that is none of this provider's. Own is true for this run.
	Run string
	Own bool
}

// same tells whether two waits are for the same.
func (o Wait) same(other Wait) bool {
	return o.Kind == other.Kind && o.Host == other.Host && slices.Equal(o.Holders, other.Holders)
}

// of is the same with another kind.
func (o Wait) of(kind WaitKind) Wait {
	o.Kind = kind
	return o
}

func (o Wait) String() string {
	if o.Host == "" {
		return string(o.Kind)
	}
	return fmt.Sprintf("%s: %s (%d at a time)", o.Kind, o.Host, o.Limit)
}

package places

import (
	"fmt"
	"slices"
)

// Kind is what a move waits for.
type Kind string

// The kinds.
const (
	// NoWait lets the move start.
	NoWait Kind = ""
	// OtherMove is another move of the VM that is under way, of this run or, where it has holders, of another one;
	// EarlierMove is one that has waited longer.
	OtherMove   Kind = "another move of the VM"
	EarlierMove Kind = "an earlier move of the VM"
	// FullSource sends as many VMs as Limit allows, FullDestination receives as many.
	FullSource      Kind = "source full"
	FullDestination Kind = "destination full"
	// KeptSource and KeptDestination have a free slot that is kept for a move which has
	// waited longer.
	KeptSource      Kind = "source kept"
	KeptDestination Kind = "destination kept"
	// Unclear is a host that has not said whether there is a place: it is asked again.
	Unclear Kind = "unclear"
)

// Wait is what a move waits for before it starts.
type Wait struct {
	Kind Kind
	// Host is where, and Limit how many migrations it may have at a time.
	Host  string
	Limit int
	// Port is the fixed port of a destination that receives one VM at a time because of it;
	// else 0.
	Port uint16
	// Holders are who has the places, as the host says, or whom a free one is kept for. There are none of what is known
	// without asking a host.
	Holders []Holder
	// Err is why it is unclear; else nil.
	Err error
}

// Holder is a move that has a place on a host, or waits for one.
type Holder struct {
	// VM is the UUID of the VM, and Name its name.
	VM, Name string
	// Run is the run that moves it; empty for a migration that is none of this provider's. Own is true for this run.
	Run string
	Own bool
}

// same tells whether two waits are for the same.
func (w Wait) same(other Wait) bool {
	return w.Kind == other.Kind && w.Host == other.Host && slices.Equal(w.Holders, other.Holders)
}

// of is the same with another kind.
func (w Wait) of(kind Kind) Wait {
	w.Kind = kind
	return w
}

func (w Wait) String() string {
	switch {
	case w.Host == "":
		return string(w.Kind)
	case w.Err != nil:
		return fmt.Sprintf("%s: %s: %v", w.Kind, w.Host, w.Err)
	}
	return fmt.Sprintf("%s: %s (%d at a time)", w.Kind, w.Host, w.Limit)
}

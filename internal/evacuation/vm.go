package evacuation

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// VM is what the hosts say of a VM.
type VM struct {
	UUID, Name string
	// Host is where it is.
	Host string
	// Active is true for one that has a QEMU, Paused for one whose guest does not run, and Persistent for one that the
	// host keeps a definition of.
	Active, Paused, Persistent bool
	// BoundFor is the host that a migration under way takes it to; empty where none does.
	BoundFor string
	// By is what its policy says becomes of it, and Unread why that is not known; nil where it is.
	By     policy.Evacuation
	Unread error
	// Past is what this evacuation has done with it so far.
	Past Past
}

// Past is what an evacuation has done with a VM, by the VM's own history.
type Past struct {
	// MovedTo is the host that the VM was moved to; empty where it was not. MovedOn is true where another move has taken
	// it elsewhere since.
	MovedTo string
	MovedOn bool
	// Leaving is true where a move was begun that takes the VM away, whose end is not noted.
	Leaving bool
	// Took is how long that move took; 0 where it is not known.
	Took time.Duration
	// Stopped is how it was stopped, and StoppedOn where; empty where it was not. The VM may run nevertheless: it is noted
	// before it is done.
	Stopped   policy.Evacuation
	StoppedOn string
}

package fleet

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/evacuation"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/placement"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

// Evacuation asks for a host to be emptied.
type Evacuation struct {
	Host string
	// Destinations are the hosts that its VMs may go to, or Cluster the cluster whose hosts they are. With neither, they
	// are all others that answer.
	Destinations []string
	Cluster      string
	// Cordon keeps VMs from coming to the host, until it is opened; Why is noted with it.
	Cordon bool
	Why    string
	// Leave leaves the VMs where they are: the host is only cordoned.
	Leave bool
	// GoOn goes on with other VMs where one fails.
	GoOn bool
}

// EvacuationPlan is what an evacuation would do with each VM of its host.
type EvacuationPlan struct {
	Host Member
	// Evacuation is the ID of the one that it goes on with; empty for a new one. Cordoned tells whether the host is
	// cordoned already; then Since is since when, and Why the reason in words.
	Evacuation string
	Cordoned   bool
	Since      time.Time
	Why        string
	// Moves are in the order in which they are started. Those of a stage wait for those of earlier ones.
	Moves []EvacuationMove
	// Stops are the VMs that are shut down or saved, and Stays those that stay because their policy says so.
	Stops, Stays []evacuation.VM
	// Stuck are the VMs that stay though they are to go.
	Stuck []StuckVM
	// Silent is why hosts could not be asked: no VM goes there.
	Silent []error
	// GoesOn is true where VMs that are stuck keep no others from leaving.
	GoesOn bool
	// open is true where the host has said that it is not cordoned.
	open bool
}

// Leaves tells whether anything leaves the host.
func (p EvacuationPlan) Leaves() bool { return len(p.Moves)+len(p.Stops) > 0 }

// EvacuationMove is a VM that is moved to another host.
type EvacuationMove struct {
	VM evacuation.VM
	To string
	// Why is what speaks for that host; empty of a move that is under way already. Stage is when it starts: as soon as all
	// moves of earlier stages have ended. Lasts is how long it is expected to last; 0 where that is not known.
	Why   []placement.Reason
	Stage int
	Lasts time.Duration
	// Unchecked is what could not be checked of it, and is before it starts.
	Unchecked []preflight.Unchecked
}

// StuckVM is a VM that cannot leave its host.
type StuckVM struct {
	VM evacuation.VM
	// Why is what keeps it there whatever other hosts have. Else Binding is what the host that comes closest lacks, by the
	// name of Host; there is no such host where none may be chosen.
	Why     evacuation.Hindrance
	Binding placement.Reason
	Host    string
	// Would are moves between other hosts that would make room for it, as far as is known without checks.
	Would []EvacuationMove
}

// Evacuated is how far a host is emptied.
type Evacuated struct {
	Host Member
	// Evacuation is its ID.
	Evacuation string
	Cordoned   bool
	// Why is the reason in words that its cordon has; only Maintenance tells it.
	Why string
	// Moved are the hosts of the VMs that it has moved and that are still there, and Stopped what it has done with those
	// that it stopped and that are still off, both by the UUID of the VM. Remaining are the UUIDs of the VMs that run on
	// the host.
	Moved     map[string]string
	Stopped   map[string]policy.Evacuation
	Remaining []string
	// Stays, Stuck and Failures are why they remain.
	Stays    []evacuation.VM
	Stuck    []StuckVM
	Failures []VMFailure
}

// VMFailure is why something that was to be done with a VM was not done.
type VMFailure struct {
	VM  evacuation.VM
	Err error
}

// VMDeed is what was done with a VM.
type VMDeed struct {
	VM    evacuation.VM
	Doing Deed
	// To is the host that it was moved to.
	To string
}

// EvacuationError is a host that was not emptied, or whose VMs were not brought back.
type EvacuationError struct {
	Host string
	// Evacuation is the ID that the host's record keeps; empty where it keeps none. Cordoned tells whether the host is
	// cordoned now.
	Evacuation string
	Cordoned   bool
	// Returning is true for VMs that were to be brought back.
	Returning bool
	// Done is what was done before that.
	Done     []VMDeed
	Failures []VMFailure
	Stuck    []StuckVM
	// Err is why it ended, where that is no matter of one VM: it was cancelled, or a host did not answer.
	Err error
}

func (e *EvacuationError) Error() string {
	act := "emptied"
	if e.Returning {
		act = "filled again"
	}
	return fmt.Sprintf("host %s was not %s: %d VMs failed, %d cannot be moved, %v", e.Host, act, len(e.Failures),
		len(e.Stuck), e.Err)
}

// Unwrap gives the errors beneath.
func (e *EvacuationError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failures)+1)
	for _, failure := range e.Failures {
		errs = append(errs, failure.Err)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// StillLeavingError is a host whose VMs do not come back yet, as the evacuation that is to be undone still moves some
// of them away.
type StillLeavingError struct {
	Host string
	// VMs are those, each with the host that it is bound for.
	VMs []evacuation.VM
	// Opened is true where the host was opened before that was seen.
	Opened bool
}

func (e *StillLeavingError) Error() string {
	return fmt.Sprintf("%d VMs are still on their way from host %s", len(e.VMs), e.Host)
}

// OpenedError is a host that somebody has opened while it was being emptied: what leaves it then might be on its way
// back already.
type OpenedError struct{ Host string }

func (e *OpenedError) Error() string {
	return fmt.Sprintf("host %s was opened while it was being emptied", e.Host)
}

// EvacuationProgress is what is told of an evacuation while it goes on.
type EvacuationProgress struct {
	// Host is the one that is emptied or filled again.
	Host string
	// Move is the progress of the move of one VM; nil where something else is told: that Doing begins, or has ended.
	Move  *Progress
	VM    evacuation.VM
	To    string
	Doing Deed
	Ended bool
	Err   error
	// Why is what speaks for the host that a VM goes to.
	Why []placement.Reason
	// Unwritten is why the history of a VM that is on To by now does not say so yet; nil where something else is told. It
	// is written once more at the end, which a run that is killed does not reach.
	Unwritten error
}

// Deed is what is done with a VM.
type Deed string

// The deeds.
const (
	DeedMove  Deed = "move"
	DeedStop  Deed = "stop"
	DeedStart Deed = "start"
)

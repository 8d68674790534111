package placement

import "fmt"

// Reason is a fact that speaks for a host or against it. Sentences are made of it elsewhere.
type Reason interface {
	// About names it in a few words, without a name of a host or a VM.
	About() string
}

// What speaks against a host. The first that holds, in this order, is the binding one: what is told first is cured
// last.
type (
	// UnknownHost is a host that the world does not have.
	UnknownHost struct{}
	// Silent is a host that did not answer.
	Silent struct{}
	// Emptied is a host that is being emptied, too, by who asks.
	Emptied struct{}
	// Cordoned is a host that takes no moves.
	Cordoned struct{}
	// Here is the host that the VM is on.
	Here struct{}
	// Refused is a host on which something was found that keeps the VM from it.
	Refused struct{ Finding fmt.Stringer }
	// FewCPUs is a host that has fewer CPUs than the VM.
	FewCPUs struct{ Need, Have int }
	// GroupTaken is a host that another VM of the same anti-affinity group is on, or is bound for.
	GroupTaken struct{ Group, VM string }
	// HugePagesShort is a host that has Free huge pages of a size, less what is promised to VMs on their way, of Total.
	HugePagesShort struct{ SizeKiB, Need, Free, Total uint64 }
	// MemoryShort is a host whose memory, in bytes, less what its VMs and those on their way to it may yet take, is too
	// small.
	MemoryShort struct{ Need, Room, Total uint64 }
)

// What keeps a VM where it is, whatever the hosts have.
type (
	// OnItsWay is a VM that another move takes to a host.
	OnItsWay struct{ To string }
	// NoHost is a VM for which no host was named that it could go to.
	NoHost struct{}
	// MovedOn is a VM that is on another host by now than the one that it was to leave.
	MovedOn struct{ On string }
	// Off is a VM that was to be moved while it runs, and is shut off by now.
	Off struct{}
)

// What speaks for a host, each with what its share of the score is made of.
type (
	// MemoryLeft is what would be left of its memory, in bytes.
	MemoryLeft struct{ Left, Total uint64 }
	// CPUsPromised is how many CPUs its VMs would have together, of those that it has.
	CPUsPromised struct{ Promised, CPUs int }
	// BusyCPUs is how many of its CPUs would be busy.
	BusyCPUs struct {
		Busy float64
		CPUs int
	}
	// LinkShare is what the move would have of its link, in bytes per second, beside the moves that arrive and leave
	// already. Share is 0 where the link has no limit.
	LinkShare struct {
		Share uint64
		Moves int
	}
)

// About implements Reason.
func (UnknownHost) About() string { return "unknown host" }

// About implements Reason.
func (Silent) About() string { return "does not answer" }

// About implements Reason.
func (Emptied) About() string { return "being emptied" }

// About implements Reason.
func (Cordoned) About() string { return "cordoned" }

// About implements Reason.
func (Here) About() string { return "the VM is on it" }

// About implements Reason.
func (Refused) About() string { return "refused by a check" }

// About implements Reason.
func (FewCPUs) About() string { return "too few CPUs" }

// About implements Reason.
func (GroupTaken) About() string { return "anti-affinity group" }

// About implements Reason.
func (HugePagesShort) About() string { return "huge pages short" }

// About implements Reason.
func (MemoryShort) About() string { return "memory short" }

// About implements Reason.
func (OnItsWay) About() string { return "on its way" }

// About implements Reason.
func (NoHost) About() string { return "no host named" }

// About implements Reason.
func (MovedOn) About() string { return "moved on" }

// About implements Reason.
func (Off) About() string { return "shut off" }

// About implements Reason.
func (MemoryLeft) About() string { return "memory left" }

// About implements Reason.
func (CPUsPromised) About() string { return "CPUs promised" }

// About implements Reason.
func (BusyCPUs) About() string { return "busy CPUs" }

// About implements Reason.
func (LinkShare) About() string { return "share of the link" }

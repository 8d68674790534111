package placement

import (
	"fmt"
	"time"
)

// World is what is known of hosts and of the VMs on them. Nothing in this package changes it.
type World struct {
	Hosts []Host
	// VMs are those that are active. What is shut off takes nothing.
	VMs []VM
}

// Host is what is known of a host.
type Host struct {
	Name string
	// Silent is true for a host that did not answer: nothing else is known of it then.
	Silent bool
	// Cordoned is true for a host that takes no moves.
	Cordoned bool
	// Emptied is true for a host that is being emptied, or is about to be, by who asks.
	Emptied bool

	// Memory is what the host has, and Available what could be taken now, in bytes. What its VMs may yet take is still in
	// it.
	Memory, Available uint64
	// HugePages are its pools, by the size of a page in KiB.
	HugePages map[uint64]HugePages
	// CPUs is how many it has, and Load how many of them are busy.
	CPUs int
	Load float64
	// Link is how much its moves together may send or receive, in bytes per second; 0 for no limit.
	Link uint64
	// Arriving and Leaving are the moves to and from the host that are under way or about to begin, and MostArriving how
	// many may arrive at a time: others wait. 0 is no limit.
	Arriving, Leaving, MostArriving int
}

// HugePages is a host's pool of huge pages of one size, in pages.
type HugePages struct{ Total, Free uint64 }

// VM is what is known of a VM that is active.
type VM struct {
	UUID, Name string
	// Host is where it is.
	Host string
	// BoundFor is the host that a move under way, or already chosen, takes it to; empty for none. It takes room on both.
	BoundFor string

	// Memory is what it may take, in bytes, Resident what it has taken of its host's memory, and Arrived what it has taken
	// of that of the host it is bound for.
	Memory, Resident, Arrived uint64
	// HugePageKiB is the size of the huge pages that back it, which are not of the host's other memory; 0 for none.
	HugePageKiB uint64
	// CPUs is how many virtual CPUs it has, and Load how many CPUs it keeps busy.
	CPUs int
	Load float64
	// Lasts is how long its move is expected to take; 0 where that is not known.
	Lasts time.Duration

	// Group is its anti-affinity group: two VMs of one group never go to one host. Empty for none.
	Group string
	// Refused are the hosts that it certainly cannot go to, with what was found there.
	Refused map[string]fmt.Stringer
	// Fixed is why it stays where it is, whatever there is elsewhere; nil for a VM that can move.
	Fixed Reason
}

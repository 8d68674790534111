package placement

// Drain is a host to be emptied.
type Drain struct {
	Host string
	// Among are the hosts that its VMs may go to.
	Among []string
	// VMs are the UUIDs of those that are to go; nil is all that are on the host.
	VMs []string
	// MakeRoom allows moves of VMs between the hosts of Among, to make room.
	MakeRoom bool
}

// Step is one move of a plan.
type Step struct {
	// VM is its UUID.
	VM       string
	From, To string
	// Stage is when it may start: as soon as all steps of earlier stages have ended. Those of one stage may run side by
	// side, in any order.
	Stage int
	// Candidate is why it goes there.
	Candidate Candidate
	// For is the UUID of the VM that it makes room for; empty for a VM of the drained host.
	For string
}

// Stuck is a VM that has to stay.
type Stuck struct {
	VM string
	// Binding is why: its own reason, or that of the host that comes closest, which is Host then.
	Binding Reason
	Host    string
	// Rejected are all hosts, each with the one reason that binds.
	Rejected map[string]Reason
	// Would are the moves between other hosts that would make room for it, where they were not allowed.
	Would []Step
}

// Plan is how a host is emptied.
type Plan struct {
	// Steps are by stage, and within one in the order in which they are to be started: those that last do not come last.
	Steps []Step
	// Stuck are the VMs that have to stay, in the order in which they would be started.
	Stuck []Stuck
}

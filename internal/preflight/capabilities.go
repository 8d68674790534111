package preflight

// Capabilities is what a host is (virConnectGetCapabilities).
type Capabilities struct {
	// CPU is the element <cpu> of the host; empty where libvirt does not know it.
	CPU string
	// TSC is its time stamp counter.
	TSC TSC
	// Pages are the huge pages that it has, free or not, by their size in KiB.
	Pages map[uint64]uint64
	// SecurityModels are such as "apparmor", "selinux" and "dac".
	SecurityModels []string
	// QEMUUser and QEMUGroup are the numbers that QEMU runs as; empty where libvirt does not
	// tell, as one of a user.
	QEMUUser, QEMUGroup string
	// Nodes are the IDs of its NUMA nodes, and CPUs those of its CPUs; nil where libvirt
	// does not tell them.
	Nodes, CPUs []int
}

// TSC is a CPU's time stamp counter.
type TSC struct {
	// Hz is its frequency; 0 where libvirt does not know it.
	Hz uint64
	// Scaling is true where a guest can have another frequency.
	Scaling bool
}

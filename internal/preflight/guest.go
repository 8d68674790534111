package preflight

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"

// Guest is what the VM's migratable definition, and the backing files of its images, want a
// destination to have.
type Guest struct {
	// VirtType is "kvm" or "qemu"; Arch, Machine and Emulator are as the definition has
	// them.
	VirtType, Arch, Machine, Emulator string
	CPU                               CPU
	// TSCHz is the frequency that its time stamp counter must have; 0 is the host's.
	TSCHz uint64
	// HugePages are the page sizes that back its memory; none is ordinary memory.
	HugePages []HugePages
	// HardLimitKiB is the most memory that its QEMU may use; 0 is no limit.
	HardLimitKiB uint64
	// Loader is the firmware's file, and NVRAM that of its variables; empty when it has
	// none, or libvirt chooses.
	Loader, NVRAM string
	Disks         []Disk
	Interfaces    []Interface
	// Graphics are the kinds of its graphical consoles: "vnc" or "spice".
	Graphics []string
	// Listeners are where its devices listen on their host.
	Listeners []Listener
	// CID is the fixed context ID of its vsock device; 0 where it has none, or the host chooses.
	CID uint32
	// Files are what else it needs by path: kernel, serial ports, logs and the like.
	Files []File
	// Unasked are what else of the host it names, and libvirt has no question for.
	Unasked     []Unasked
	TPMs        []TPM
	HostDevices []HostDevice
	// SharedMemory are the names of its ivshmem devices.
	SharedMemory []string
	Filesystems  []Filesystem
	// Secrets are those of libvirt that its disks and TPMs need.
	Secrets []SecretUse
	// CPUPins and NodePins are the host's CPUs and NUMA nodes that it is bound to.
	CPUPins, NodePins []Pin
	// SecurityModels are those of its labels, such as "apparmor".
	SecurityModels []string
}

// SecretUse is a secret that a device needs: its UUID, or what it is for, is not empty.
type SecretUse struct{ Device, UUID, Usage string }

// Pin binds something of the guest, such as "vcpu 0", to a set of the host's CPUs or NUMA
// nodes, as libvirt writes sets.
type Pin struct{ What, Set string }

// CPU is what virConnectCompareHypervisorCPU is asked about.
type CPU struct {
	// Emulator, Arch, Machine and VirtType are the guest's; empty is the host's default.
	Emulator, Arch, Machine, VirtType string
	// Mode is "custom", "host-model", "host-passthrough" or "maximum"; empty where the
	// definition has no CPU.
	Mode string
	// Features are those that the definition names, with their policy ("require",
	// "disable" and others).
	Features map[string]string
	// XML is the element <cpu>; empty where there is none.
	XML string
}

// HugePages is memory backed by huge pages.
type HugePages struct {
	// SizeKiB is the size of a page; 0 is the host's default.
	SizeKiB uint64
	// Nodes are the guest's NUMA nodes, as libvirt writes sets; empty is all.
	Nodes string
}

// Disk is a disk, a CD-ROM or a floppy.
type Disk struct {
	// Target is its name in the guest, such as "vda"; Device is "disk", "cdrom", "floppy"
	// or "lun".
	Target, Device string
	// Path is a file, a block device or a directory. Pool and Volume name a libvirt
	// volume. Protocol is that of a network disk, and Name its name there. All are empty
	// for a drive without a medium.
	Path, Pool, Volume, Protocol, Name string
	// Chain is what the image is an overlay of.
	Chain storage.Chain
	// Format is the image's, such as "qcow2".
	Format              string
	ReadOnly, Shareable bool
	// Block is true for a block device, Encrypted for an image that a secret opens, and Split for
	// one whose data is in a file of its own.
	Block, Encrypted, Split bool
	// Optional is true for a medium that the guest starts without
	// (startupPolicy = optional, or requisite for a start that is no migration).
	Optional bool
}

// Interface is a network interface.
type Interface struct {
	// MAC is its address, and Target its name on the source.
	MAC, Target string
	// Bridge, Network and Direct are what it is plugged into: at most one is not empty.
	// Direct is the host's interface below a macvtap.
	Bridge, Network, Direct string
	// PortGroup is that of Network.
	PortGroup string
	// Socket is a vhost-user socket.
	Socket string
	// Filter is the name of its network filter.
	Filter string
}

// File is something that a device needs by path.
type File struct {
	// Device is the device's name, such as "serial 0".
	Device, Path string
	// Created is true for one that QEMU or virtlogd creates: only its directory must be
	// there.
	Created bool
	// Written is true for an image that the guest writes to, or that such an image is an overlay of.
	Written bool
	// Mounted is true for a directory that the guest mounts, or its socket.
	Mounted bool
}

// Unasked is something of the host that libvirt cannot be asked about, such as an argument of QEMU.
type Unasked struct {
	// Device is the device's name, and Name what it needs.
	Device, Name string
}

// TPM is a TPM.
type TPM struct {
	// Model is such as "tpm-crb"; Backend is "emulator", "passthrough" or "external";
	// Version is that of an emulator, such as "2.0".
	Model, Backend, Version string
	// Path is the host's device of a passthrough, or where an emulator keeps its state if
	// the definition says so.
	Path string
}

// HostDevice is a device of the host that the guest has.
type HostDevice struct {
	// Type is "pci", "usb", "mdev", "scsi" or "storage".
	Type string
	// Name is its address, its UUID or its vendor and product.
	Name string
}

// Filesystem is a directory of the host that the guest mounts.
type Filesystem struct {
	// Target is its tag in the guest, Source the directory or socket on the host, Driver
	// such as "virtiofs".
	Target, Source, Driver string
}

package refusal

// Kind is what a refusal means. The zero Kind is not known.
type Kind string

// What the source says of the VM, before it asks the destination.
const (
	// Unknown is a refusal that the table does not have.
	Unknown Kind = ""
	// Snapshots is a VM with snapshots in its metadata.
	Snapshots Kind = "snapshots"
	// UnsharedStorage is a writable disk on a file system that is not shared, DiskCache one
	// whose cache mode is unsafe.
	UnsharedStorage Kind = "unshared storage"
	DiskCache       Kind = "disk cache"
	// BlockJob is a block job on a disk, TransientDisk a disk that is thrown away with the
	// VM, DiskFormat an image format that QEMU cannot migrate.
	BlockJob      Kind = "block job"
	TransientDisk Kind = "transient disk"
	DiskFormat    Kind = "disk format"
	// SharedMemory is an ivshmem device, HostDevice a passed-through one, HostFilesystem a
	// shared directory, VhostBackend a vhost process that cannot log memory, and
	// NetworkBackend an interface that stays with its host.
	SharedMemory   Kind = "shared memory"
	HostDevice     Kind = "host device"
	HostFilesystem Kind = "host file system"
	VhostBackend   Kind = "vhost backend"
	NetworkBackend Kind = "network backend"
	// InvariantTSC is the CPU feature invtsc without a TSC frequency.
	InvariantTSC Kind = "invariant TSC"
	// EncryptedMemory is a confidential guest (SEV, TDX).
	EncryptedMemory Kind = "encrypted memory"
	// TPMState is a TPM whose state cannot be moved.
	TPMState Kind = "TPM state"
	// Graphics is an accelerated display or a vdagent that cannot be moved.
	Graphics Kind = "graphics"
	// UnmovableDevice is any other device that blocks migration in QEMU, and Blocker any
	// other reason of QEMU.
	UnmovableDevice Kind = "unmovable device"
	Blocker         Kind = "migration blocker"
	// AutoDestroy is a VM that ends with the client that started it.
	AutoDestroy Kind = "auto destroy"
	// DiskError is a VM that is paused for an I/O error.
	DiskError Kind = "disk error"
	// MemoryDevice is a memory device without a fixed slot.
	MemoryDevice Kind = "memory device"
	// Busy is another job on the VM.
	Busy Kind = "busy"
	// NotRunning is a VM that does not run, or not any more, and NoDomain one that the host
	// does not have, or not any more.
	NotRunning Kind = "not running"
	NoDomain   Kind = "no domain"
)

// What either host says of the way, or of how the migration is to be made.
const (
	// EncryptionForced is a host that lets memory go encrypted only.
	EncryptionForced Kind = "encryption forced"
	// NoCertificate is a QEMU without a file of its certificates, CertificateName a
	// destination whose certificate has another name, and Untrusted a TLS connection for
	// memory that the other QEMU broke off.
	NoCertificate   Kind = "no certificate"
	CertificateName Kind = "certificate name"
	Untrusted       Kind = "certificate not trusted"
	// PeerUnreachable is a source that does not reach the destination's libvirt, PeerLogin
	// one that may not log in there, PeerSilenced one whose ssh hid the reason, and PeerLost
	// the end of its connection in mid-move.
	PeerUnreachable Kind = "peer unreachable"
	PeerLogin       Kind = "peer login"
	PeerSilenced    Kind = "peer silenced"
	PeerLost        Kind = "peer lost"
	// MemoryUnreachable is an address for memory that cannot be connected to, MemoryLost a
	// connection for memory that broke.
	MemoryUnreachable Kind = "memory unreachable"
	MemoryLost        Kind = "memory connection lost"
	// MigrationURI is a migration_uri that libvirt cannot use.
	MigrationURI Kind = "migration URI"
	// LocalHostname is a destination whose host name is localhost, and SameHost one whose
	// host UUID is the source's.
	LocalHostname Kind = "local host name"
	SameHost      Kind = "same host"
	// Unsupported is a feature of the policy that a libvirt or QEMU does not have,
	// Incompatible one that QEMU cannot combine with another, and NewerSource a source that
	// sends what the destination's libvirt does not know.
	Unsupported  Kind = "feature unsupported"
	Incompatible Kind = "features incompatible"
	NewerSource  Kind = "newer source"
	// Userfaultfd is a post-copy that the host's kernel does not allow, PostCopy one that
	// QEMU cannot do for the VM.
	Userfaultfd Kind = "userfaultfd"
	PostCopy    Kind = "post-copy"
	// PostCopyFailed is a post-copy that lost its link.
	PostCopyFailed Kind = "post-copy failed"
	// LockedMemory is a limit of locked memory that is too low.
	LockedMemory Kind = "locked memory"
	// Denied is a call that libvirt does not allow.
	Denied Kind = "denied"
	// Aborted is a job that was cancelled.
	Aborted Kind = "aborted"
)

// What the destination says when it prepares for the VM, or is to run it.
const (
	// NameTaken is another VM of the same name, AlreadyActive the VM itself.
	NameTaken     Kind = "name taken"
	AlreadyActive Kind = "already active"
	// BridgeMissing, NetworkMissing and NetworkInactive are what an interface needs.
	BridgeMissing   Kind = "bridge missing"
	NetworkMissing  Kind = "network missing"
	NetworkInactive Kind = "network inactive"
	NetworkFilter   Kind = "network filter missing"
	Firewall        Kind = "firewall"
	TapDevice       Kind = "tap device"
	// StorageMissing, StorageDenied, PoolMissing, PoolInactive and VolumeMissing are what a
	// disk needs, ImageLocked an image that another QEMU holds, and Space a disk that is full.
	StorageMissing Kind = "storage missing"
	StorageDenied  Kind = "storage denied"
	PoolMissing    Kind = "pool missing"
	PoolInactive   Kind = "pool inactive"
	VolumeMissing  Kind = "volume missing"
	ImageLocked    Kind = "image locked"
	Space          Kind = "no space"
	// DiskCopy is a copy of a disk that cannot be made.
	DiskCopy Kind = "disk copy"
	// EmulatorMissing is a path of an emulator that is not there, MachineMissing a machine
	// type that it does not have, and AccelerationMissing a host without KVM.
	EmulatorMissing     Kind = "emulator missing"
	MachineMissing      Kind = "machine type missing"
	AccelerationMissing Kind = "acceleration missing"
	// CPU is a guest CPU that the host cannot provide.
	CPU Kind = "CPU"
	// Memory is memory that the host cannot allocate, HugePages huge pages, and Placement a
	// pinning to CPUs or nodes that it does not have.
	Memory    Kind = "memory"
	HugePages Kind = "huge pages"
	Placement Kind = "placement"
	// ListenAddress is an address of a device that the host does not have, MemoryAddress
	// one that it is to receive memory on, PortTaken a port that is in use there, GuestCID a
	// vsock device's context ID that is, and PortsExhausted a range without a free port.
	ListenAddress  Kind = "listen address"
	MemoryAddress  Kind = "memory address"
	PortTaken      Kind = "port taken"
	GuestCID       Kind = "guest CID"
	PortsExhausted Kind = "ports exhausted"
	// Firmware and NVRAM are what UEFI needs, TPM what a TPM needs, Secret what encryption
	// needs, and DeviceMissing a device of the host.
	Firmware      Kind = "firmware"
	NVRAM         Kind = "NVRAM"
	TPM           Kind = "TPM"
	Secret        Kind = "secret missing"
	DeviceMissing Kind = "host device missing"
	// SecurityModel is a security driver that is not the VM's.
	SecurityModel Kind = "security model"
	// LogDaemon and LockDaemon are services beside libvirt, LockDriver another lock driver.
	LogDaemon  Kind = "log daemon"
	LockDaemon Kind = "lock daemon"
	LockDriver Kind = "lock driver"
	// Hook is a hook script that refused.
	Hook Kind = "hook"
	// GuestABI is a definition that would change what the guest sees, and Configuration
	// anything else in the definition that the host does not support.
	GuestABI      Kind = "guest ABI"
	Configuration Kind = "configuration"
	// Incoming is memory or device state that the destination's QEMU could not load, and
	// QEMUEnded a QEMU that ended.
	Incoming  Kind = "state not loaded"
	QEMUEnded Kind = "QEMU ended"
	// NotPersistent is a VM that arrived, and whose definition could not be kept.
	NotPersistent Kind = "not persistent"
)

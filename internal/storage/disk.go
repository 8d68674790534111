package storage

// Facts is what is known of one disk of the VM on both hosts, before anything is decided.
type Facts struct {
	// Target is its name in the guest, such as "vda".
	Target string
	// Fixed is true for a disk that is not copied whatever is asked for: it is read-only, shareable or
	// empty. Libvirt and the other checks look whether the destination has it.
	Fixed bool
	// Network is true for a disk that QEMU reaches over the network from each host.
	Network bool
	// Path is the file or block device, as the definition or the volume's pool has it.
	Path string
	// Renamed is true where the source is known to have the disk at another path.
	Renamed bool
	// Image is the disk as the source has it. Its Format is that of the definition.
	Image Volume
	// Unsized is true where the source does not tell how large it is.
	Unsized bool
	// Presence is whether the destination has something at Path.
	Presence Presence
	// Shared is the source's libvirt on whether the disk is on a file system that hosts share. It
	// does not know which hosts.
	Shared Answer
	// SamePool is true where both hosts have the disk by one name in a pool that is certainly one
	// storage.
	SamePool bool
	// SameFile is true where what both hosts say of the file at the disk's path proves that it is
	// one: Volume.SameFile.
	SameFile bool
	// There is what the destination has at Path, as one of its pools lists it; else nil.
	There *Volume
	// Users are what uses it there, but for the VM's own definition; UsersUnknown is true
	// where that could not be asked.
	Users        []User
	UsersUnknown bool
	// Pool is the destination's for the disk; nil where it has none.
	Pool *Pool
	// Owner and Group are the numbers that QEMU runs as on the destination; empty where that does not
	// tell. The source's may be another user there.
	Owner, Group string
	// Chain is what Image is an overlay of. What hosts have of it is noted for an incremental copy.
	Chain Chain
	// Err is why something of it is not known; else nil.
	Err error
}

// Presence is whether a host has something at a path.
type Presence int

// The presences.
const (
	PresenceUnknown Presence = iota
	Present
	Absent
)

// Answer is an answer of a host.
type Answer int

// The answers. Withheld is that of a source that refuses the migration for another reason.
const (
	Unknown Answer = iota
	Yes
	No
	Withheld
)

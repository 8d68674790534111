package storage

// Volume is an image as libvirt on a host knows it: a volume of a storage pool.
type Volume struct {
	// Pool and Name are libvirt's, and Path is where the host has it.
	Pool, Name, Path string
	// Format is libvirt's, such as "raw" or "qcow2".
	Format string
	// Capacity is what the guest sees of it, Allocation what it takes on storage, and Length
	// that of its file: all in bytes. Length is 0 where libvirt does not tell.
	Capacity, Allocation, Length uint64
	// Modified is when it was last written to, in seconds since 1970 with all digits that
	// libvirt gives; empty where it does not tell.
	Modified string
	// Changed is when its file or what describes that was last changed (ctime), written as
	// Modified: no program can set it. It is empty where libvirt does not tell.
	Changed string
	// Backing is the image that it is an overlay of, of BackingFormat; both may be empty.
	Backing, BackingFormat string
	// Compat, Features and ClusterBytes are those of a qcow2 image; zero where libvirt does not
	// tell.
	Compat       string
	Features     []string
	ClusterBytes uint64
	// Owner, Group and Mode are its permissions, as libvirt writes them; empty where unknown.
	Owner, Group, Mode string
	// Block is true for a block device.
	Block bool
	// Encrypted tells of an image that only a secret opens.
	Encrypted bool
}

// Untouched tells whether a volume is now what it was when it was looked at. What has no time, or is
// not listed any more, is not known to be.
func (v Volume) Untouched(now *Volume) bool {
	return now != nil && now.Path == v.Path && now.Format == v.Format && now.Capacity == v.Capacity &&
		now.Length == v.Length && now.Modified == v.Modified && v.Modified != ""
}

// SameFile tells whether what two hosts say of a file proves that it is one: it is as large and as long, takes
// as much, and was last changed at the same nanosecond, by a clock that no program sets. A copy of it, or another
// file, was not. That two times differ proves nothing: it may have been written to in between.
func (v Volume) SameFile(other *Volume) bool {
	return other != nil && v.Changed != "" && v.Changed == other.Changed && v.Modified == other.Modified &&
		v.Capacity == other.Capacity && v.Length == other.Length && v.Allocation == other.Allocation
}

package preflight

import "slices"

// Presence is what a host knows of a path.
type Presence int

// What a host may know of a path.
const (
	// NotListed is a path that no active pool lists. It may be there all the same: a pool's
	// list can be old.
	NotListed Presence = iota
	// Present is a path that is there.
	Present
	// Absent is a path that is not there.
	Absent
)

// Directory is what is in a directory of a host.
type Directory struct {
	// Exists is false for one that is not there.
	Exists bool
	// Names are the files, block devices and directories in it. Sockets, FIFOs, character
	// devices and dangling links are left out.
	Names []string
}

// Pool is a storage pool of a host.
type Pool struct {
	Name, UUID string
	Active     bool
	// Type is libvirt's, such as "dir" or "logical".
	Type string
	// Path is the directory that an active pool's volumes are in; empty where they have
	// none.
	Path string
}

// Has tells whether a file of that name is in the directory.
func (d Directory) Has(name string) bool { return slices.Contains(d.Names, name) }

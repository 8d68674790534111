package preflight

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

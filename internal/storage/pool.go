package storage

// Pool is a storage pool of a host.
type Pool struct {
	Name, UUID string
	Active     bool
	// Type is libvirt's, such as "dir" or "logical".
	Type string
	// Path is the directory that an active pool's volumes are in; empty where they have
	// none.
	Path string
	// Source is what a pool of the network is mounted or logged in from; empty for others.
	Source string
}

// sharedTypes are the types of pools whose Source says where the data is: two hosts that have
// the same one see the same volumes.
var sharedTypes = map[string]bool{"netfs": true, "gluster": true, "iscsi": true, "iscsi-direct": true, "rbd": true}

// Same tells whether the pools of two hosts are certainly one storage. Below the mount point of
// one that is not active is something else.
func (p Pool) Same(other Pool) bool {
	return p.Active && other.Active && sharedTypes[p.Type] && p.Type == other.Type && p.Source != "" &&
		p.Source == other.Source
}

// creatableTypes are the types of pools that volumes are created in. Others have no volumes of
// their own to create, or were not tried.
var creatableTypes = map[string]bool{"dir": true, "fs": true, "netfs": true, "logical": true}

// User is what uses a volume on a host: a domain that names it, running or not, or a volume
// that is an overlay of it.
type User struct {
	// Domain and UUID are a domain's; Active is true where it runs.
	Domain, UUID string
	Active       bool
	// Overlay is the path of an overlay.
	Overlay string
}

// Others are the users but the domain itself, as far as that is a definition that nothing runs.
func Others(users []User, uuid string) []User {
	var others []User
	for _, u := range users {
		if u.UUID != uuid || u.Active {
			others = append(others, u)
		}
	}
	return others
}

package migration

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Mode says who drives a migration.
type Mode string

// The modes. A finished move was either peer-to-peer or direct.
const (
	// Auto is peer-to-peer, or direct where the source's libvirt cannot reach
	// the destination's.
	Auto Mode = "auto"
	// PeerToPeer lets the source's libvirt drive: it survives the client.
	PeerToPeer Mode = "peer_to_peer"
	// Direct lets the client drive, for hosts that cannot reach each other's
	// libvirt. libvirt cancels it when the client goes away.
	Direct Mode = "direct"
)

// Modes lists the modes that can be asked for.
func Modes() []Mode { return []Mode{Auto, PeerToPeer, Direct} }

// Subject is the VM that is to move, and between which hosts.
type Subject struct {
	// UUID and Name are the VM's. Sentences use the name, commands the UUID.
	UUID, Name string
	// Source and Destination are the names of the hosts.
	Source, Destination string
}

// Request asks for one move.
type Request struct {
	// UUID and Name are the VM's. Messages use the name.
	UUID, Name string
	// Source is where the VM is and Destination where it is to be.
	Source      Source
	Destination Destination
	// Unseen is true when a host could not be asked that may run the VM, too.
	Unseen bool
	// Rival is true when a host that is neither of the two holds an incoming domain
	// of the VM.
	Rival bool
	// PeerURI is the destination's libvirt as the source reaches it; empty when
	// hosts cannot reach it.
	PeerURI string
	// MigrationURI is where memory is sent; empty lets the destination choose.
	MigrationURI string
	// ListenAddress is where the destination receives it; empty is what its libvirt chooses.
	ListenAddress string
	// TLSDestination is the name that the destination's certificate has for encryption;
	// empty is the name or address that memory is sent to.
	TLSDestination string
	Mode           Mode
	// Definition moves the definition of a VM that is shut off (VIR_MIGRATE_OFFLINE)
	// instead of a VM that runs. Nothing of Policy has a part in that.
	Definition bool
	// Recover sends the rest of the memory of a VM whose post-copy has lost its link, from the
	// source of that to its destination, where each holds a part (VIR_MIGRATE_POSTCOPY_RESUME).
	// Policy is what it was made under.
	Recover bool
	Policy  policy.Effective
	// Storage is the disks that are copied; nil for a VM whose disks the destination sees.
	// Policy says how they are copied: its copy_storage is not "none" where there are any.
	Storage *StorageCopy
	// Changed are the VM's definitions for the destination, where it has others than on the
	// source.
	Changed Definitions
	// Budget is what the migration may send over its links, beside others; nil for no limit but the
	// policy's. Share is what it starts with, in MiB/s, once it has joined; 0 without a budget.
	Budget Budget
	Share  int64
	// Preflight makes the checks that the engine can do without, when nothing else speaks
	// against the start. An error among its findings refuses the move. It may be nil.
	Preflight func(context.Context, Assessment) []Finding
	// Ready, when not nil, is called once all checks are made, right before the start of a
	// migration that is not adopted. It may wait, and makes what disks are copied into. Its
	// error keeps the migration from starting.
	Ready func(context.Context) (Prepared, error)
	// Reading, when not nil, is called with each reading of the running job, from the
	// calling goroutine.
	Reading func(Reading)
}

// Prepared is what a move has to start with that was made right before: it takes the place of
// the members of Request of these names.
type Prepared struct {
	Storage *StorageCopy
	Changed Definitions
}

// Definitions are definitions of a VM that were changed for its destination.
type Definitions struct {
	// Running is what the destination starts the VM by (VIR_MIGRATE_PARAM_DEST_XML), or takes as
	// its definition where nothing but that moves; Persistent is what it keeps of a VM that runs
	// (VIR_MIGRATE_PARAM_PERSIST_XML). Either is empty where it is the source's.
	Running, Persistent Definition
}

// Definition is a domain's definition. It may hold secrets, such as the password of a console,
// and does not show when it is printed.
type Definition string

// String hides the definition.
func (Definition) String() string { return "(hidden)" }

// GoString hides the definition.
func (Definition) GoString() string { return "(hidden)" }

// Subject names what the request is about.
func (r Request) Subject() Subject {
	return Subject{UUID: r.UUID, Name: r.Name, Source: r.Source.Name(), Destination: r.Destination.Name()}
}

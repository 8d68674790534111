package preflight

import (
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/storage"
)

// Request asks for the checks of one move.
type Request struct {
	// Move is what is to be made.
	Move migration.Request
	// Source and Destination answer the questions of the checks. They are the hosts of
	// Move; what they say about themselves may be shared with other moves.
	Source      Source
	Destination Host
	// Thorough allows what leaves no trace but in libvirt's log, such as a question about each
	// file. It is set before the start of a move.
	Thorough bool
	// Fresh goes by no answer that a host was asked for before these checks. It is set
	// before the start of a move, which another one may have made possible just now.
	Fresh bool
	// CopiedDisks are the targets that the policy's copy_storage is narrowed to; none is all.
	CopiedDisks []string
	// Leftovers are the volumes that the VM's own earlier moves have left on the destination,
	// newest first.
	Leftovers []storage.Leftover
	// Changes is what the VM's devices are called on the destination, where that is not what they
	// are called on the source.
	Changes definition.Request
	// ConfigChanges are those of the persistent definition of a VM that runs; nil where it has none.
	ConfigChanges *definition.Request
	// Unsettled is true where the move may be made under another policy than Move has, so
	// that what is found of the policy may not last.
	Unsettled bool
}

// scope is what one check has to go by.
type scope struct {
	Request

	// assessed is what the engine found: both hosts answer, and the VM is on the source.
	assessed migration.Assessment
	// guest is the VM by its definition for the destination, and own by that on the source; nil
	// for a check that does not need it.
	guest, own *Guest
	// changed is the definition for the destination, and config the VM by its persistent one, which is nil where
	// that is not changed.
	changed definition.Result
	config  *guests
	// judged keeps the source's verdict, which is asked for once.
	judged *memo[verdict]
	// decided keeps what becomes of the VM's disks.
	decided *decided
}

// see takes the VM by its definitions.
func (s *scope) see(g guests) {
	s.guest, s.own, s.changed, s.config = g.there, g.here, g.changed, g.config
}

// source and destination are the hosts' names.
func (s *scope) source() string      { return s.Source.Name() }
func (s *scope) destination() string { return s.Destination.Name() }

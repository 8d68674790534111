package fleet

import "github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"

// Location is where a VM is.
type Location struct {
	// Host is its one home: the host that runs it, or keeps its definition when
	// it is shut off.
	Host   string
	Domain migration.Domain
	// Leftovers are other hosts that keep a shut-off definition of the VM.
	Leftovers []string
	// Paused are other hosts that hold a paused copy of the VM, while it runs on
	// its home: a migration leaves it behind for a moment, or for good when it was
	// cut off at its end.
	Paused []string
	// FetchesFrom is the host that still has a part of the VM's memory, while it
	// runs on its home in post-copy; empty when there is none.
	FetchesFrom string
	// Receiving are hosts that hold an incoming domain of the VM.
	Receiving []string
	// Unseen are hosts that could not be asked; only with UnreachableWarn.
	Unseen []error
}

// subject is the VM on its way to the destination.
func (l Location) subject(destination string) migration.Subject {
	return migration.Subject{
		UUID: l.Domain.UUID, Name: l.Domain.Name, Source: l.source(destination), Destination: destination,
	}
}

// source is the host that a migration to the destination comes from: the VM's
// home, unless it runs on the destination already while its memory is fetched.
func (l Location) source(destination string) string {
	if l.Host == destination && l.FetchesFrom != "" {
		return l.FetchesFrom
	}
	return l.Host
}

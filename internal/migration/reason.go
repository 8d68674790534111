package migration

// Reason is why a domain is paused or shut off, in libvirt's terms
// (virDomainPausedReason, virDomainShutoffReason), as far as it makes a
// difference to a move.
type Reason int

// The reasons.
const (
	// ReasonUnknown is what libvirt does not know, mostly of a domain that it
	// found paused when it was started itself (VIR_DOMAIN_PAUSED_UNKNOWN), and
	// any other reason why a domain is shut off.
	ReasonUnknown Reason = iota
	// ReasonMigration is a guest that was stopped during an outgoing migration:
	// for the switch-over, or by a suspend, which libvirt does not tell from it
	// (VIR_DOMAIN_PAUSED_MIGRATION). Without a job it is stranded: the client of
	// the migration was lost in the switch-over.
	ReasonMigration
	// ReasonAPIError is a guest that libvirt itself could not resume at the end
	// of an operation (VIR_DOMAIN_PAUSED_API_ERROR).
	ReasonAPIError
	// ReasonUser is a suspend while no migration ran, or a migration that was
	// asked to leave the guest paused (VIR_DOMAIN_PAUSED_USER).
	ReasonUser
	// ReasonIOError is a disk that failed (VIR_DOMAIN_PAUSED_IOERROR).
	ReasonIOError
	// ReasonWatchdog is a watchdog that went off (VIR_DOMAIN_PAUSED_WATCHDOG).
	ReasonWatchdog
	// ReasonPanicked is a guest that panicked (VIR_DOMAIN_PAUSED_CRASHED).
	ReasonPanicked
	// ReasonOther is another operation that paused the guest, such as a dump or a
	// snapshot.
	ReasonOther
	// ReasonMigrated is a domain that is shut off because it was migrated to
	// another host (VIR_DOMAIN_SHUTOFF_MIGRATED).
	ReasonMigrated
	// ReasonShutDown is a guest that shut itself down, or was asked to
	// (VIR_DOMAIN_SHUTOFF_SHUTDOWN).
	ReasonShutDown
	// ReasonDestroyed is a domain that somebody ended (VIR_DOMAIN_SHUTOFF_DESTROYED).
	ReasonDestroyed
	// ReasonSaved is a domain that somebody saved to a file (VIR_DOMAIN_SHUTOFF_SAVED).
	ReasonSaved
	// ReasonQEMUEnded is a domain whose QEMU ended by itself
	// (VIR_DOMAIN_SHUTOFF_CRASHED, VIR_DOMAIN_SHUTOFF_FAILED).
	ReasonQEMUEnded
)

// OfMigration tells whether a guest that is paused for this reason after a
// migration was stopped by that. libvirt judges likewise when it takes up a
// migration that its own end had interrupted (qemuProcessRecoverMigrationOut).
func (r Reason) OfMigration() bool {
	return r == ReasonMigration || r == ReasonAPIError || r == ReasonUnknown
}

package host

import (
	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// state translates libvirt's state and reason. A domain paused for migration is either
// the source at switch-over or the incoming domain; see interpret.
func state(s, reason int32) migration.DomainState {
	switch libvirt.DomainState(s) {
	case libvirt.DomainShutoff, libvirt.DomainShutdown:
		// In shutdown, QEMU is about to exit: the guest powers off, or its migration
		// has just succeeded.
		return migration.StateShutOff
	case libvirt.DomainCrashed:
		return migration.StateCrashed
	case libvirt.DomainPmsuspended:
		return migration.StateAsleep
	case libvirt.DomainPaused:
		return pausedState(libvirt.DomainPausedReason(reason))
	}
	switch libvirt.DomainRunningReason(reason) {
	case libvirt.DomainRunningPostcopy:
		return migration.StatePostCopy
	case libvirt.DomainRunningPostcopyFailed:
		return migration.StatePostCopyFailed
	}
	return migration.StateRunning
}

func pausedState(reason libvirt.DomainPausedReason) migration.DomainState {
	switch reason {
	case libvirt.DomainPausedPostcopy:
		return migration.StatePostCopySource
	case libvirt.DomainPausedPostcopyFailed:
		return migration.StatePostCopyFailed
	}
	return migration.StatePaused
}

// reason translates why a domain is paused or shut off.
func reason(s, r int32) migration.Reason {
	switch libvirt.DomainState(s) {
	case libvirt.DomainPaused:
		return pausedReason(libvirt.DomainPausedReason(r))
	case libvirt.DomainShutoff:
		return shutoffReasons[libvirt.DomainShutoffReason(r)]
	}
	return migration.ReasonUnknown
}

var shutoffReasons = map[libvirt.DomainShutoffReason]migration.Reason{
	libvirt.DomainShutoffMigrated:  migration.ReasonMigrated,
	libvirt.DomainShutoffShutdown:  migration.ReasonShutDown,
	libvirt.DomainShutoffDestroyed: migration.ReasonDestroyed,
	libvirt.DomainShutoffSaved:     migration.ReasonSaved,
	libvirt.DomainShutoffCrashed:   migration.ReasonQEMUEnded,
	libvirt.DomainShutoffFailed:    migration.ReasonQEMUEnded,
}

func pausedReason(r libvirt.DomainPausedReason) migration.Reason {
	switch r {
	case libvirt.DomainPausedUnknown, libvirt.DomainPausedPostcopy, libvirt.DomainPausedPostcopyFailed: // these are states
		return migration.ReasonUnknown
	case libvirt.DomainPausedMigration:
		return migration.ReasonMigration
	case libvirt.DomainPausedAPIError:
		return migration.ReasonAPIError
	case libvirt.DomainPausedUser:
		return migration.ReasonUser
	case libvirt.DomainPausedIoerror:
		return migration.ReasonIOError
	case libvirt.DomainPausedWatchdog:
		return migration.ReasonWatchdog
	case libvirt.DomainPausedCrashed:
		return migration.ReasonPanicked
	}
	return migration.ReasonOther
}

// perhapsIncoming tells whether only the domain's job tells what it is.
func perhapsIncoming(s, reason int32) bool {
	return libvirt.DomainState(s) == libvirt.DomainPaused &&
		(libvirt.DomainPausedReason(reason) == libvirt.DomainPausedMigration ||
			libvirt.DomainPausedReason(reason) == libvirt.DomainPausedStartingUp)
}

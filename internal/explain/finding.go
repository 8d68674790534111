package explain

import (
	"errors"
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Finding says what speaks against a move, and what would be right.
func Finding(f migration.Finding) string {
	switch f.Problem {
	case migration.PolicyConflict:
		return fmt.Sprintf("%s (%s, from %s): %s", f.Conflict.Field, f.Value, f.Origin, f.Conflict.Text)
	case migration.NoPeerURI:
		return fmt.Sprintf("Other hosts' libvirt cannot reach %s: its uri is a local one and it has no peer_uri. "+
			"Set peer_uri, or mode = \"direct\" or \"auto\".", f.Host)
	case migration.NoAnswer:
		return fmt.Sprintf("libvirt on %s does not answer: %s.", f.Host, f.Err)
	case migration.SameHost:
		return fmt.Sprintf("%s and %s are the same host (%s, host UUID %s).",
			f.Source, f.Destination, f.Identity.Hostname, f.Identity.HostUUID)
	case migration.VersionTooOld:
		return fmt.Sprintf("%s needs %s %s or newer on both hosts, and %s has %s.",
			f.Feature, f.Program, version(f.Need), f.Host, version(f.Have))
	case migration.QEMUOlder:
		return fmt.Sprintf("QEMU there is %s, older than %s on %s: it may not understand what it is sent.",
			version(f.Have), version(f.Need), f.Source)
	case migration.NotRunning, migration.BrokenPostCopy, migration.Stranded, migration.TwoHomes:
		return stateFinding(f)
	case migration.JobUnknown, migration.IncomingLeft, migration.OtherJob, migration.RivalMigration,
		migration.OtherMigration:
		return jobFinding(f)
	case migration.DefinitionUnread, migration.CPUMissing, migration.CPUUnknown, migration.MemoryTooSmall,
		migration.MemoryShort, migration.MemoryUnknown:
		return guestFinding(f)
	}
	return Sentence(f.String())
}

// checked is a finding with the check that it comes from.
func checked(f migration.Finding) string {
	where := ""
	if f.Host != "" {
		where = " on " + f.Host
	}
	return fmt.Sprintf("%s%s: %s", f.Check, where, Finding(f))
}

// stateFinding is one about what the VM does.
func stateFinding(f migration.Finding) string {
	switch f.Problem {
	case migration.BrokenPostCopy:
		return fmt.Sprintf("A post-copy migration of VM %s lost its link. %s", f.Name, remedy(f.Outcome))
	case migration.Stranded:
		return stranded(f.Name, f.UUID, f.Host, otherCopy(f.Other))
	case migration.TwoHomes:
		here, there := f.Outcome.Source, f.Outcome.Destination
		return fmt.Sprintf("VM %s is %s on %s and %s on %s. Compare `virsh domstate --reason %s` on both hosts, "+
			"decide which copy to keep, and end the other one with `virsh destroy %s`.",
			f.Name, here.Domain.State, here.Host, there.Domain.State, there.Host, f.UUID, f.UUID)
	default:
		return notHere(f)
	}
}

// notHere says why a VM cannot be moved live as it is.
func notHere(f migration.Finding) string {
	s := f.Seen
	switch {
	case errors.Is(s.Err, migration.ErrNoDomain):
		return fmt.Sprintf("VM %s does not exist there any more.", f.Name)
	case s.Migrated():
		return fmt.Sprintf("VM %s was migrated away from %s, and none of the hosts that were asked runs it: only a "+
			"definition is left there (shut off, migrated). "+
			"Look for it on other hosts, and do not start that definition until you are certain that the VM runs "+
			"nowhere.", f.Name, s.Host)
	case s.Is(migration.StateShutOff):
		return fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live. Start it "+
			"there first.", f.Name, s.Host, s.Domain.State)
	case s.Is(migration.StateCrashed):
		return fmt.Sprintf("VM %s is not running on %s (%s), and only a running VM can be moved live. %s",
			f.Name, s.Host, s.Domain.State,
			panicked(f.UUID, s.Host, s.Domain.Persistent))
	default:
		return fmt.Sprintf("VM %s is not at home on %s (%s).", f.Name, s.Host, s.Domain.State)
	}
}

// jobFinding is one about another job on the VM.
func jobFinding(f migration.Finding) string {
	abort := fmt.Sprintf("This move started nothing; `virsh domjobabort %s` on %s cancels that migration.",
		f.UUID, f.Source)
	switch f.Problem {
	case migration.JobUnknown:
		return fmt.Sprintf("%s does not say whether another job runs on VM %s: %s.", f.Host, f.Name, f.Err)
	case migration.IncomingLeft:
		return fmt.Sprintf("%s still holds the incoming domain of a migration of VM %s that has ended. libvirt "+
			"removes it once it has noticed the end.", f.Host, f.Name)
	case migration.OtherJob:
		return fmt.Sprintf("Another job runs on VM %s: see `virsh domjobinfo %s` on %s. It must end first.",
			f.Name, f.UUID, f.Host)
	case migration.RivalMigration:
		return fmt.Sprintf("A migration of VM %s is under way already, and more than one host holds an incoming "+
			"domain: whether it goes to %s is not known. %s", f.Name, f.Destination, abort)
	default:
		return fmt.Sprintf("A migration of VM %s is under way already, and %s does not hold its incoming domain: "+
			"it goes elsewhere, or is just about to start. %s", f.Name, f.Destination, abort)
	}
}

// guestFinding is one about whether the destination can run the guest.
func guestFinding(f migration.Finding) string {
	switch f.Problem {
	case migration.DefinitionUnread:
		return fmt.Sprintf("The definition of VM %s cannot be read there, so its CPU cannot be compared: %s.",
			f.Name, f.Err)
	case migration.CPUMissing:
		return fmt.Sprintf("%s cannot run the CPU of VM %s: %s.", f.Host, f.Name, f.Reason)
	case migration.CPUUnknown:
		return fmt.Sprintf("Whether it can run the CPU of VM %s is not known: %s.", f.Name, f.Err)
	case migration.MemoryTooSmall:
		return fmt.Sprintf("VM %s may use %s, and %s has %s in all.", f.Name, bytes(f.Need), f.Host, bytes(f.Have))
	case migration.MemoryShort:
		return fmt.Sprintf("VM %s may use %s, and %s has %s available (free, buffers and cache): it may swap, or "+
			"run out.", f.Name, bytes(f.Need), f.Host, bytes(f.Have))
	default:
		return fmt.Sprintf("How much memory is free there is not known: %s.", f.Err)
	}
}

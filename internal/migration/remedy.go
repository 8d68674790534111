package migration

import (
	"fmt"
	"strings"
)

// remedy says what to do about the outcome of a migration that did not succeed;
// empty when there is nothing to do about it. Its commands name the VM by its UUID: a name
// may be anything, for a shell too.
func (o Outcome) remedy() string {
	if o.Untouched {
		return ""
	}
	source, destination := o.Source.Host, o.Destination.Host
	switch o.Place() {
	case OnSource:
		return o.remedyOnSource()
	case OnDestination:
		if !o.Source.Known() {
			return fmt.Sprintf("%s. Once it answers, make sure that `virsh domstate %s` there does not say running, before anything else is done with the VM.", o.silence(), o.UUID)
		}
		return o.remedyOldCopy(o.Source)
	case PausedOnSource, PausedOnDestination:
		return o.remedyPaused()
	case OnBoth:
		return fmt.Sprintf("Two copies may write to the same disks. Decide at once which one to keep and end the other one with `virsh destroy %s` on its host.", o.UUID)
	case OnNeither:
		return o.remedyOnNeither()
	case PausedOnBoth:
		return fmt.Sprintf("Neither copy was resumed, because it can not be told from here which one has the newer memory. "+
			"Compare `virsh domstate --reason %s` on both hosts; resume one of them only after the other one was ended with `virsh destroy %s`.", o.UUID, o.UUID)
	case SplitMemory:
		if o.Source.Gone() || o.Destination.Gone() {
			return fmt.Sprintf("One half is gone and the guest's memory with it. `virsh destroy %s` ends what is left of it on the other host; after that the VM can be started again.", o.UUID)
		}
		return fmt.Sprintf("Both halves were left as they are: do not destroy or resume either. Once %s and %s reach each other again, "+
			"run the same migration with `virsh migrate --live --p2p --postcopy --postcopy-resume %s` on %s (libvirt 8.9 or newer, but not 11.3.0, which crashes on the destination): it sends the rest of the memory.", source, destination, o.UUID, source)
	case FetchingMemory:
		return fmt.Sprintf("It still fetches memory from %s, which must not be disturbed until that has ended.", source)
	default:
		return o.remedyUnknown()
	}
}

// remedyOldCopy says what to do about a copy that one host still holds while the
// VM runs on the other; empty when it holds none.
func (o Outcome) remedyOldCopy(left Sighting) string {
	copied := "paused"
	switch {
	case left.Is(StateCrashed):
		copied = "crashed"
	case left.Is(StateIncoming):
		return fmt.Sprintf("%s holds the receiving half of a migration, which does not run; libvirt there removes it once it has noticed the end.", left.Host)
	case !left.Is(StatePaused, StatePostCopySource):
		return ""
	}
	return fmt.Sprintf("%s still holds a %s copy whose memory is out of date. Never resume it; remove it with `virsh destroy %s` on %s.", left.Host, copied, o.UUID, left.Host)
}

func (o Outcome) remedyUnknown() string {
	source, destination := o.Source.Host, o.Destination.Host
	if o.Source.Is(StatePaused) {
		why := ""
		if o.Source.Domain.Reason.ofMigration() {
			why = fmt.Sprintf("The VM was left paused on %s, so that it can not run twice. ", source)
		}
		return fmt.Sprintf("%sOnce %s answers: if the VM runs there, `virsh destroy %s` on %s removes the old copy; if it does not: %s",
			why, destination, o.UUID, source, o.wake(o.Source))
	}
	return "Neither start nor resume the VM anywhere before both hosts have been looked at."
}

func (o Outcome) remedyOnSource() string {
	source, destination := o.Source.Host, o.Destination.Host
	switch {
	case o.Destination.Is(StatePaused, StateCrashed):
		return o.remedyOldCopy(o.Destination)
	case o.Migrating && o.Unstopped:
		return fmt.Sprintf("libvirt on %s still has the migration job, and does not take orders for it. If it waits for libvirt on %s at its peer_uri, it ends as soon as that answers or breaks the connection. "+
			"Restarting libvirt on %s ends it, too, and leaves running guests as they are.", source, destination, source)
	case o.Migrating:
		return fmt.Sprintf("libvirt on %s still has the migration job. Asking for the same move again watches it to its end; `virsh domjobabort %s` on %s calls it off.", source, o.UUID, source)
	case !o.Destination.Known():
		return fmt.Sprintf("%s does not answer; whatever half of the migration it may still hold is not running.", destination)
	}
	return o.remedyOldCopy(o.Destination)
}

func (o Outcome) remedyPaused() string {
	seen := o.Source
	if o.Place() == PausedOnDestination {
		seen = o.Destination
	}
	switch {
	case seen.Is(StatePostCopySource):
		return fmt.Sprintf("Never resume it on %s: it was switched to post-copy, and %s is to run it. Asking for the same move again watches it to its end.", seen.Host, o.Destination.Host)
	case o.Place() == PausedOnSource && seen.stuck():
		return fmt.Sprintf("Its QEMU on %s does not answer libvirt: it had stopped the guest to send the last of its memory to %s, and nothing arrives there. "+
			"It goes on, and the guest with it, once the link works again or the kernel of %s has given the connection up, which takes about 15 minutes (net.ipv4.tcp_retries2). "+
			"`virsh domstate --reason %s` there tells.", seen.Host, o.Destination.Host, seen.Host, o.UUID)
	case o.ResumeError != nil && lost(o.ResumeError):
		return fmt.Sprintf("libvirt on %s was told to resume it, did not answer, and still says that it is paused: %s. %s", seen.Host, o.ResumeError, o.wake(seen))
	case o.ResumeError != nil:
		return fmt.Sprintf("It could not be resumed: %s. %s", o.ResumeError, o.wake(seen))
	}
	return o.wake(seen)
}

// wake says why a guest is paused, where that is not the migration's doing, and
// how it is made to run.
func (o Outcome) wake(seen Sighting) string {
	uuid, host := o.UUID, seen.Host
	resume := fmt.Sprintf("`virsh resume %s` on %s lets it run.", uuid, host)
	switch seen.Domain.Reason {
	case ReasonUser:
		return "The VM is paused because somebody asked for that, and not by the migration: " + resume
	case ReasonIOError:
		return fmt.Sprintf("The VM is paused because of an I/O error on its disk on %s: `virsh domblkerror %s` there names the disk. Once that works, %s", host, uuid, resume)
	case ReasonWatchdog:
		return fmt.Sprintf("The VM is paused because its watchdog went off: %s `virsh reset %s` there restarts a guest that hangs.", resume, uuid)
	case ReasonPanicked:
		return fmt.Sprintf("The VM is paused because the guest panicked: `virsh reset %s` and then `virsh resume %s` on %s restart it.", uuid, uuid, host)
	case ReasonPMSuspended:
		return fmt.Sprintf("The guest put itself to sleep: `virsh dompmwakeup %s` on %s wakes it.", uuid, host)
	case ReasonOther:
		return fmt.Sprintf("The VM is paused by another operation, which `virsh domstate --reason %s` on %s names. Once that is over, %s", uuid, host, resume)
	case ReasonUnknown, ReasonMigration, ReasonAPIError, ReasonMigrated:
	}
	return resume
}

func (o Outcome) remedyOnNeither() string {
	switch {
	case o.Destination.Is(StateCrashed):
		return strings.TrimSpace(o.remedyCrashed(o.Destination) + " " + o.remedyOldCopy(o.Source))
	case o.Source.Is(StateCrashed):
		return o.remedyCrashed(o.Source)
	}
	if o.Source.migrated() {
		return fmt.Sprintf("libvirt on %s says that it was migrated away: somebody else moved it to another host, unless it has ended on %s since. "+
			"Look for it on all other hosts before anything is started, and do not start the definition that is left on %s.", o.Source.Host, o.Destination.Host, o.Source.Host)
	}
	advice := fmt.Sprintf("Either its QEMU ended, of which /var/log/libvirt/qemu/%s.log on both hosts says why, or somebody else moved it to another host.", o.Name)
	for _, s := range []Sighting{o.Source, o.Destination} {
		if s.Defined() && !s.migrated() {
			return fmt.Sprintf("%s Once it is certain that it runs on no other host, `virsh start %s` on %s starts it again.", advice, o.UUID, s.Host)
		}
	}
	return advice
}

func (o Outcome) remedyCrashed(seen Sighting) string {
	return fmt.Sprintf("The guest panicked on %s, and its QEMU is kept there: `virsh destroy %s` and then `virsh start %s` on %s start it again.", seen.Host, o.UUID, o.UUID, seen.Host)
}

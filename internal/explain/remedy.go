package explain

import (
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// ended is the outcome of a migration that did not succeed.
type ended struct{ migration.Outcome }

// remedy says what to do about the outcome of a migration that did not succeed;
// empty when there is nothing to do about it. Its commands name the VM by its UUID: a name
// may be anything, for a shell too.
func remedy(outcome migration.Outcome) string {
	o := ended{outcome}
	if o.Untouched {
		return ""
	}
	switch o.Place() {
	case migration.OnSource:
		return o.todoOnSource()
	case migration.OnDestination:
		if !o.Source.Known() {
			return o.todoSilent()
		}
		return o.todoOldCopy(o.Source)
	case migration.PausedOnSource, migration.PausedOnDestination:
		return o.todoPaused()
	case migration.OnBoth:
		return fmt.Sprintf("Two copies may write to the same disks. Decide at once which one to keep and end the "+
			"other one with `virsh destroy %s` on its host.", o.UUID)
	case migration.OnNeither:
		return o.todoOnNeither()
	case migration.PausedOnBoth:
		return fmt.Sprintf("Neither copy was resumed, because it cannot be told from here which one has the newer "+
			"memory. "+
			"Compare `virsh domstate --reason %s` on both hosts; resume one of them only after the other one was "+
			"ended with `virsh destroy %s` on its host.", o.UUID, o.UUID)
	case migration.SplitMemory:
		return o.todoSplit()
	case migration.FetchingMemory:
		return fmt.Sprintf("It still fetches memory from %s, which must not be disturbed until that has ended.",
			o.Source.Host)
	default:
		return o.todoUnknown()
	}
}

// todoOldCopy says what to do about a copy that one host still holds while the
// VM runs on the other; empty when it holds none.
func (o ended) todoOldCopy(left migration.Observation) string {
	switch {
	case left.Is(migration.StateIncoming) && o.Foreign:
		return fmt.Sprintf("%s holds an incoming domain of another migration of the VM, which may still be under "+
			"way.", left.Host)
	case left.Is(migration.StateIncoming):
		return fmt.Sprintf("%s holds the incoming domain of a migration, which does not run; libvirt there removes "+
			"it once it has noticed the end.", left.Host)
	case left.Is(migration.StatePaused, migration.StatePostCopySource, migration.StateAsleep, migration.StateCrashed):
		return oldCopy(o.UUID, left)
	}
	return ""
}

// todoSplit says what to do about a post-copy that has failed.
func (o ended) todoSplit() string {
	for _, seen := range []struct{ left, other migration.Observation }{
		{o.Source, o.Destination}, {o.Destination, o.Source},
	} {
		if seen.other.Gone() {
			return fmt.Sprintf("The part on %s is gone, and the guest's memory with it. %s",
				seen.other.Host, restart(o.UUID, seen.left.Host, seen.left.Domain.Persistent))
		}
	}
	text := "Both parts were left as they are: do not destroy or resume either."
	if silence := silence(o.Whereabouts().Silent()); silence != "" {
		text = fmt.Sprintf("Nothing was done to either part: do not destroy or resume them. Whether both are still "+
			"there is not known, because %s.", silence)
	}
	return fmt.Sprintf("%s Once %s and %s reach each other again, send the rest of the memory: run the action "+
		"%s with vm = %q, or, by hand, %s. That needs %s.",
		text, o.Source.Host, o.Destination.Host, recoveryAction, o.UUID, recovery(o.Outcome), RecoveryNeeds())
}

// restart says how a guest that cannot go on is started again where its QEMU is
// kept. Of a transient one libvirt forgets the definition with the QEMU.
func restart(uuid, host string, persistent bool) string {
	if persistent {
		return fmt.Sprintf("`virsh destroy %s` and then `virsh start %s` on %s start it again.", uuid, uuid, host)
	}
	return fmt.Sprintf("It is transient on %s, and its definition is lost when it is destroyed: keep that with "+
		"`virsh dumpxml --inactive --security-info %s >%s.xml` there. "+
		"After that, `virsh destroy %s` and then `virsh create %s.xml` start it there again.", host, uuid, uuid, uuid, uuid)
}

// panicked says what to do about a guest that panicked and whose QEMU is kept.
func panicked(uuid, host string, persistent bool) string {
	return fmt.Sprintf("The guest panicked on %s, and its QEMU is kept there. %s",
		host, restart(uuid, host, persistent))
}

// todoWithheld says what a silent destination holds that never started the
// guest.
func (o ended) todoWithheld() string {
	return fmt.Sprintf("%s does not answer; an incoming domain that it may still hold does not run.",
		o.Destination.Host)
}

// todoSilent says what to do where the VM runs on one host and may, as far as
// is known, run on the other one, which is silent.
func (o ended) todoSilent() string {
	return fmt.Sprintf("%s. Once it answers, make sure that `virsh domstate %s` there does not say running, before "+
		"anything else is done with the VM.", silence(o.Whereabouts().Silent()), o.UUID)
}

func (o ended) todoUnknown() string {
	if o.Source.Is(migration.StatePaused, migration.StateAsleep) {
		return o.todoPaused()
	}
	if o.Withheld && o.Destination.Gone() && !o.Foreign {
		source, destination := o.Source.Host, o.Destination.Host
		return fmt.Sprintf("%s does not have it. Once %s answers: if `virsh domstate --reason %s` there says that "+
			"it is paused, and `virsh domjobinfo %s` that there is no job, `virsh resume %s` lets it run.",
			destination, source, o.UUID, o.UUID, o.UUID)
	}
	return "Neither start nor resume the VM anywhere before both hosts have been looked at."
}

func (o ended) todoOnSource() string {
	switch {
	case o.Destination.Is(migration.StatePaused, migration.StateAsleep, migration.StateCrashed):
		return o.todoOldCopy(o.Destination)
	case o.MayMigrate():
		return o.todoJob()
	case !o.Destination.Known() && o.Withheld:
		return o.todoWithheld()
	case !o.Destination.Known():
		return o.todoSilent()
	}
	return o.todoOldCopy(o.Destination)
}

// todoJob says what to do about a migration that may still be under way.
func (o ended) todoJob() string {
	source, destination := o.Source.Host, o.Destination.Host
	switch {
	case o.JobError != nil:
		return fmt.Sprintf("libvirt on %s did not say whether it still has a migration job: %s. If it has, the "+
			"migration goes on: `virsh domjobinfo %s` there shows it.", source, o.JobError, o.UUID)
	case o.Foreign:
		return fmt.Sprintf("Another migration of the VM is under way, and was left alone: `virsh domjobinfo %s` on "+
			"%s shows its progress.", o.UUID, source)
	case o.Unstopped && o.Mirrored:
		return fmt.Sprintf("libvirt on %s still has the migration job, because %s. It ends once the link works "+
			"again, or the kernel of %s has given the connection up, which takes about 15 minutes "+
			"(net.ipv4.tcp_retries2). `virsh domjobinfo %s` there shows it.",
			source, unanswered(o.Outcome), source, o.UUID)
	case o.Unstopped:
		return fmt.Sprintf("libvirt on %s still has the migration job, and does not take orders for it. If it "+
			"waits for libvirt on %s at its peer_uri, it ends as soon as that answers or breaks the connection. "+
			"Restarting libvirt on %s ends it, too, and leaves running guests as they are.",
			source, destination, source)
	}
	return fmt.Sprintf("libvirt on %s still has the migration job. Asking for the same move again watches it to "+
		"its end; `virsh domjobabort %s` on %s cancels it.", source, o.UUID, source)
}

// todoPaused says what to do about a VM that is paused on the one host that
// holds it, as far as is known.
func (o ended) todoPaused() string {
	seen, other := o.Source, o.Destination
	if o.Place() == migration.PausedOnDestination {
		seen, other = other, seen
	}
	switch {
	case seen.Is(migration.StatePostCopySource):
		return fmt.Sprintf("Never resume it on %s: it was switched to post-copy, and %s is to run it. Asking for "+
			"the same move again watches it to its end.", seen.Host, other.Host)
	case stuck(seen) && o.Place() != migration.PausedOnDestination:
		return fmt.Sprintf("Its QEMU on %s does not answer libvirt: it had stopped the guest to send the last of "+
			"its memory to %s, and nothing arrives there. "+
			"It goes on, and the guest with it, once the link works again or the kernel of %s has given the "+
			"connection up, which takes about 15 minutes (net.ipv4.tcp_retries2). "+
			"`virsh domstate --reason %s` there shows it.", seen.Host, other.Host, seen.Host, o.UUID)
	case o.MayMigrate():
		return o.todoJob() + " Until that has ended, do not resume the VM."
	case o.Foreign && seen.Domain.Reason.OfMigration():
		where := "another host"
		switch {
		case !other.Known():
			where = fmt.Sprintf("%s, which does not answer, or another host", other.Host)
		case other.Is(migration.StateIncoming):
			where = fmt.Sprintf("%s, which holds an incoming domain of it and may be about to start that, or "+
				"another host", other.Host)
		}
		return stranded(o.Name, o.UUID, seen.Host, where)
	case !other.Known() && o.Withheld:
		return fmt.Sprintf("%s %s", o.todoWithheld(), o.todoLeftPaused(seen))
	case !other.Known():
		why := ""
		if seen.Domain.Reason.OfMigration() {
			why = fmt.Sprintf("The VM was left paused on %s, so that it cannot run twice. ", seen.Host)
		}
		return why + o.todoOnce(seen, fmt.Sprintf("Once %s answers", other.Host))
	case other.Is(migration.StateIncoming):
		return o.todoOnce(seen, fmt.Sprintf("Do not resume it yet: %s holds the incoming domain of a migration. "+
			"Look again once %s has started or removed that", other.Host, other.Host))
	}
	return o.todoLeftPaused(seen)
}

// todoLeftPaused says what to do about a VM that is paused and runs nowhere
// else.
func (o ended) todoLeftPaused(seen migration.Observation) string {
	switch {
	case o.ResumeError != nil && migration.Lost(o.ResumeError):
		return fmt.Sprintf("libvirt on %s was told to resume it, did not answer, and still says that it is paused: "+
			"%s. %s", seen.Host, o.ResumeError, o.wake(seen))
	case o.ResumeError != nil:
		return fmt.Sprintf("It could not be resumed: %s. %s", o.ResumeError, o.wake(seen))
	}
	return o.wake(seen)
}

// todoOnce says what to do with a guest that is paused on one host once it can
// be told whether the other one runs it.
func (o ended) todoOnce(paused migration.Observation, told string) string {
	return fmt.Sprintf("%s: if the VM runs there, `virsh destroy %s` on %s removes the old copy; if it does not: %s",
		told, o.UUID, paused.Host, o.wake(paused))
}

// wake says why a guest is paused, where that is not the migration's doing, and
// how it is made to run.
func (o ended) wake(seen migration.Observation) string {
	uuid, host := o.UUID, seen.Host
	if seen.Is(migration.StateAsleep) {
		return o.wakeSleeping(seen)
	}
	resume := fmt.Sprintf("`virsh resume %s` on %s lets it run.", uuid, host)
	switch seen.Domain.Reason {
	case migration.ReasonUser:
		return "The VM is paused because somebody asked for that, and not by the migration: " + resume
	case migration.ReasonIOError:
		return fmt.Sprintf("The VM is paused because of an I/O error on its disk on %s: `virsh domblkerror %s` "+
			"there names the disk. Once that works, %s", host, uuid, resume)
	case migration.ReasonWatchdog:
		return fmt.Sprintf("The VM is paused because its watchdog went off: %s `virsh reset %s` there restarts a "+
			"guest that hangs.", resume, uuid)
	case migration.ReasonPanicked:
		return fmt.Sprintf("The VM is paused because the guest panicked: `virsh reset %s` and then `virsh resume "+
			"%s` on %s restart it.", uuid, uuid, host)
	case migration.ReasonOther:
		return fmt.Sprintf("The VM is paused by another operation, which `virsh domstate --reason %s` on %s names. "+
			"Once that is over, %s", uuid, host, resume)
	case migration.ReasonUnknown, migration.ReasonMigration, migration.ReasonAPIError, migration.ReasonMigrated,
		migration.ReasonShutDown, migration.ReasonDestroyed, migration.ReasonSaved, migration.ReasonQEMUEnded:
	}
	return resume
}

// wakeSleeping says how a guest is woken that put itself to sleep. One whose memory
// has been sent is stopped for the switch-over, which libvirt (11.3) does not notice
// of a guest that is asleep, and does not undo.
func (o ended) wakeSleeping(seen migration.Observation) string {
	text := fmt.Sprintf("The guest put itself to sleep: `virsh dompmwakeup %s` on %s wakes it.", o.UUID, seen.Host)
	if !o.Sent || seen.Host != o.Source.Host {
		return text
	}
	return fmt.Sprintf("%s Where that says that the guest is not in suspended state, all of its memory had been "+
		"sent, and it cannot go on there. %s", text, restart(o.UUID, seen.Host, seen.Domain.Persistent))
}

func (o ended) todoOnNeither() string {
	switch {
	case o.Destination.Is(migration.StateCrashed):
		return strings.TrimSpace(o.panickedOn(o.Destination) + " " + o.todoOldCopy(o.Source))
	case o.Source.Is(migration.StateCrashed):
		return o.panickedOn(o.Source)
	}
	if o.Source.Migrated() {
		return fmt.Sprintf("libvirt on %s says that it was migrated away: somebody else moved it to another host, "+
			"unless it has ended on %s since. "+
			"Look for it on all other hosts before anything is started, and do not start the definition that is "+
			"left on %s.", o.Source.Host, o.Destination.Host, o.Source.Host)
	}
	if how := endedOn(o.UUID, o.Name, o.Source); how != "" && o.Destination.Gone() {
		return how
	}
	advice := fmt.Sprintf("Either its QEMU ended, of which /var/log/libvirt/qemu/%s.log on both hosts says why, or "+
		"somebody else moved it to another host.", o.Name)
	for _, s := range []migration.Observation{o.Source, o.Destination} {
		if s.Defined() && !s.Migrated() {
			return fmt.Sprintf("%s Once you are certain that it runs on no other host, `virsh start %s` on %s "+
				"starts it again.", advice, o.UUID, s.Host)
		}
	}
	return advice
}

// endedOn says how a VM ended on the host that it was to be moved from, as libvirt there
// knows it; empty where it does not.
func endedOn(uuid, name string, seen migration.Observation) string {
	if !seen.Defined() {
		return ""
	}
	start := fmt.Sprintf("`virsh start %s` there starts it again.", uuid)
	switch seen.Domain.Reason {
	case migration.ReasonShutDown:
		return fmt.Sprintf("The guest shut itself down on %s while it was being moved, or was told to. %s",
			seen.Host, start)
	case migration.ReasonDestroyed:
		return fmt.Sprintf("Somebody ended the VM on %s while it was being moved (destroyed). %s", seen.Host, start)
	case migration.ReasonSaved:
		return fmt.Sprintf("Somebody saved the VM on %s while it was being moved. `virsh start %s` there lets it go on "+
			"from where it was saved.", seen.Host, uuid)
	case migration.ReasonQEMUEnded:
		return fmt.Sprintf("QEMU on %s ended by itself while the VM was being moved: /var/log/libvirt/qemu/%s.log there "+
			"says why. %s", seen.Host, name, start)
	case migration.ReasonUnknown, migration.ReasonMigration, migration.ReasonAPIError, migration.ReasonUser,
		migration.ReasonIOError, migration.ReasonWatchdog, migration.ReasonPanicked, migration.ReasonOther,
		migration.ReasonMigrated:
	}
	return ""
}

func (o ended) panickedOn(seen migration.Observation) string {
	return panicked(o.UUID, seen.Host, seen.Domain.Persistent)
}

// stuck tells whether the domain's QEMU does not answer libvirt.
func stuck(o migration.Observation) bool { return o.Err == nil && o.Domain.Unresponsive }

// stranded says what to do about a guest that a lost client has left paused, and
// whose other copy may run on the hosts that where names.
func stranded(name, uuid, host, where string) string {
	return fmt.Sprintf("VM %s is paused on %s by a migration that has ended, and that lost its client (Terraform, "+
		"virsh) during the switch-over. "+
		"None of the hosts that answered runs it; it may run on %s, so it was not resumed. "+
		"Make sure that it runs nowhere else: then `virsh resume %s` on %s lets it run, and it can be moved.",
		name, host, where, uuid, host)
}

// otherCopy names where the other copy of a stranded guest may run.
func otherCopy(o migration.OtherCopy) string {
	switch o {
	case migration.OnReceivingHost:
		return "another host, which holds an incoming domain of it and may be about to start that"
	case migration.OnSilentHost:
		return "a host that does not answer"
	case migration.OnUnknownHost:
	}
	return "a host that the provider's configuration does not have"
}

// oldCopy is the warning of a copy that one host still holds while the VM runs
// on another.
func oldCopy(uuid string, left migration.Observation) string {
	copied, wake := "paused", "resume"
	switch {
	case left.Is(migration.StateAsleep):
		copied, wake = "sleeping", "wake"
	case left.Is(migration.StateCrashed):
		copied = "crashed"
	}
	return fmt.Sprintf("%s still holds a %s copy whose memory is out of date. Never %s it; remove it with `virsh "+
		"destroy %s` on %s.", left.Host, copied, wake, uuid, left.Host)
}

package migration

import "fmt"

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
		if o.Source.Is(StatePaused, StatePostCopySource) {
			return fmt.Sprintf("%s still holds a paused copy whose memory is out of date. Never resume it; remove it with `virsh destroy %s` on %s.", source, o.UUID, source)
		}
		return fmt.Sprintf("%s. Once it answers, make sure that `virsh domstate %s` there does not say running, before anything else is done with the VM.", o.silence(), o.UUID)
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

func (o Outcome) remedyUnknown() string {
	source, destination := o.Source.Host, o.Destination.Host
	if o.Source.Is(StatePaused) {
		return fmt.Sprintf("It was left paused on %s, so that it can not run twice. Once %s answers: if the VM runs there, `virsh destroy %s` on %s removes the old copy; "+
			"if it does not, `virsh resume %s` on %s lets it run.", source, destination, o.UUID, source, o.UUID, source)
	}
	return "Neither start nor resume the VM anywhere before both hosts have been looked at."
}

func (o Outcome) remedyOnSource() string {
	source, destination := o.Source.Host, o.Destination.Host
	switch {
	case o.Migrating && o.Unstopped:
		return fmt.Sprintf("libvirt on %s still has the migration job, and does not take orders for it. If it waits for libvirt on %s at its peer_uri, it ends as soon as that answers or breaks the connection. "+
			"Restarting libvirt on %s ends it, too, and leaves running guests as they are.", source, destination, source)
	case o.Migrating:
		return fmt.Sprintf("libvirt on %s still has the migration job. Asking for the same move again watches it to its end; `virsh domjobabort %s` on %s calls it off.", source, o.UUID, source)
	case o.Destination.Is(StateIncoming):
		return fmt.Sprintf("%s still holds the receiving half of the migration, which does not run; libvirt there removes it once it has noticed the end.", destination)
	case !o.Destination.Known():
		return fmt.Sprintf("%s does not answer; whatever half of the migration it may still hold is not running.", destination)
	}
	return ""
}

func (o Outcome) remedyPaused() string {
	host := o.Source.Host
	if o.Place() == PausedOnSource && o.Source.stuck() {
		return fmt.Sprintf("Its QEMU on %s does not answer libvirt: it had stopped the guest to send the last of its memory to %s, and nothing arrives there. "+
			"It goes on, and the guest with it, once the link works again or the kernel of %s has given the connection up, which takes about 15 minutes (net.ipv4.tcp_retries2). "+
			"`virsh domstate --reason %s` there tells.", host, o.Destination.Host, host, o.UUID)
	}
	if o.Place() == PausedOnDestination {
		host = o.Destination.Host
	}
	advice := fmt.Sprintf("`virsh resume %s` on %s lets it run.", o.UUID, host)
	if o.ResumeError != nil {
		return fmt.Sprintf("It could not be resumed: %s. %s", o.ResumeError, advice)
	}
	return advice
}

func (o Outcome) remedyOnNeither() string {
	advice := fmt.Sprintf("Either its QEMU ended, of which /var/log/libvirt/qemu/%s.log on both hosts says why, or somebody else moved it to another host.", o.Name)
	for _, s := range []Sighting{o.Source, o.Destination} {
		if s.Defined() {
			return fmt.Sprintf("%s Once it is certain that it runs on no other host, `virsh start %s` on %s starts it again.", advice, o.UUID, s.Host)
		}
	}
	return advice
}

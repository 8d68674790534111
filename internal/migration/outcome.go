package migration

import "fmt"

// Place is where a VM was found after a migration ended.
type Place string

// The places. Each is what both hosts said, never what was expected of them.
const (
	// OnSource runs on the source, and the destination was not seen to hold it.
	OnSource Place = "running on the source"
	// OnDestination runs on the destination, and the source was not seen to hold
	// it.
	OnDestination Place = "running on the destination"
	// PausedOnSource is held, but not run, by the source only: it is paused, or
	// asleep.
	PausedOnSource Place = "paused on the source"
	// PausedOnDestination is held, but not run, by the destination only: it is
	// paused, or asleep.
	PausedOnDestination Place = "paused on the destination"
	// OnBoth runs twice.
	OnBoth Place = "running on both hosts"
	// OnNeither runs nowhere, as both hosts said.
	OnNeither Place = "running on neither host"
	// PausedOnBoth is held by both hosts and run by none.
	PausedOnBoth Place = "paused on both hosts"
	// SplitMemory is a post-copy migration that lost its link: each host has a
	// part of the guest's memory.
	SplitMemory Place = "memory split between the hosts"
	// FetchingMemory runs on the destination, in post-copy.
	FetchingMemory Place = "running on the destination, in post-copy"
	// Unknown can not be told, because a host does not answer.
	Unknown Place = "not known"
)

// Outcome is what both hosts said of the VM after its migration had ended, or
// was not even started.
type Outcome struct {
	// UUID and Name are the VM's. Sentences use the name, commands the UUID.
	UUID, Name string
	// Source and Destination are what each host said.
	Source, Destination Sighting
	// Untouched is true when nothing was started: then what was seen is no
	// consequence of it.
	Untouched bool
	// Migrating is true when the source's libvirt still has the migration job, or
	// with Foreign another's. JobError is why it did not say whether it has; nil
	// when it did, and when it does not hold the VM.
	Migrating bool
	JobError  error
	// Foreign is true when the migration was not begun, or libvirt refused it because
	// of another operation. What the VM does then is somebody else's doing, perhaps a
	// migration to any host.
	Foreign bool
	// Withheld is true when it is certain that the destination never started the
	// guest, whether it answers or not: nobody has told it to.
	Withheld bool
	// Unstopped is true when it has not ended that job although it was told to.
	Unstopped bool
	// ResumeError is why a guest that was left paused could not be resumed.
	ResumeError error

	// sent is true when all of the guest's memory may have been sent before the
	// migration failed.
	sent bool
	// recovery is where to run which command after a post-copy that failed.
	recovery string
}

// Place classifies the outcome.
func (o Outcome) Place() Place {
	s, d := o.Source, o.Destination
	onSource, onDestination := s.Is(StateRunning, StatePostCopy), d.Is(StateRunning)
	heldBySource := s.Is(StatePaused, StateAsleep, StatePostCopySource) && !d.Is(StateCrashed) // it has run there
	heldByDestination := d.Is(StatePaused, StateAsleep)
	switch {
	case s.Is(StatePostCopyFailed) || d.Is(StatePostCopyFailed) || s.Is(StatePostCopySource) && d.Gone():
		return SplitMemory
	case onSource && (onDestination || d.Is(StatePostCopy)):
		return OnBoth
	case d.Is(StatePostCopy):
		return FetchingMemory
	case onSource:
		return OnSource
	case onDestination:
		return OnDestination
	case heldBySource && heldByDestination:
		return PausedOnBoth
	case heldBySource && d.Known():
		return PausedOnSource
	case heldByDestination && s.Known():
		return PausedOnDestination
	case s.Known() && d.Known():
		return OnNeither
	}
	return Unknown
}

// String says where the VM is, in one line: `VM NAME is running on HOST`, or
// what else is true.
func (o Outcome) String() string {
	source, destination := o.Source.Host, o.Destination.Host
	switch o.Place() {
	case OnSource:
		return fmt.Sprintf("VM %s is running on %s", o.Name, source)
	case OnDestination, FetchingMemory:
		return fmt.Sprintf("VM %s is running on %s", o.Name, destination)
	case PausedOnSource:
		return fmt.Sprintf("VM %s is %s on %s", o.Name, o.Source.held(), source)
	case PausedOnDestination:
		return fmt.Sprintf("VM %s is %s on %s", o.Name, o.Destination.held(), destination)
	case OnBoth:
		return fmt.Sprintf("VM %s is running on %s and on %s", o.Name, source, destination)
	case OnNeither:
		for _, s := range []Sighting{o.Source, o.Destination} {
			if o.Untouched && s.Defined() {
				return fmt.Sprintf("VM %s is %s on %s", o.Name, s.Domain.State, s.Host)
			}
		}
		return fmt.Sprintf("VM %s is running neither on %s nor on %s", o.Name, source, destination)
	case PausedOnBoth:
		here, there := o.Source.held(), o.Destination.held()
		if here == there {
			return fmt.Sprintf("VM %s is %s on %s and on %s", o.Name, here, source, destination)
		}
		return fmt.Sprintf("VM %s is %s on %s and %s on %s", o.Name, here, source, there, destination)
	case SplitMemory:
		return o.split()
	default:
		return o.unknown()
	}
}

// split says which host has which part of the memory of a VM whose migration has
// failed in post-copy.
func (o Outcome) split() string {
	here, there := o.Destination, o.Source
	if !here.Is(StatePostCopyFailed) {
		here, there = there, here
	}
	text := fmt.Sprintf("VM %s can not go on: a part of its memory is on %s and the rest", o.Name, here.Host)
	switch {
	case there.Gone():
		return fmt.Sprintf("%s was on %s, which does not have it any more", text, there.Host)
	case !there.Known():
		return fmt.Sprintf("%s was on %s; whether it still is there is not known, because %s", text, there.Host, o.silence())
	}
	return fmt.Sprintf("%s is on %s", text, there.Host)
}

// unknown says what is known of a VM that may run on a host that is silent.
func (o Outcome) unknown() string {
	for _, seen := range []struct{ answered, silent Sighting }{
		{o.Source, o.Destination},
		{o.Destination, o.Source},
	} {
		if !seen.answered.Known() {
			continue
		}
		found := "not running"
		if seen.answered.Is(StatePaused, StateAsleep, StatePostCopySource) {
			found = seen.answered.held()
		}
		return fmt.Sprintf("VM %s is %s on %s; whether it is running on %s is not known, because %s",
			o.Name, found, seen.answered.Host, seen.silent.Host, o.silence())
	}
	return fmt.Sprintf("Where VM %s is running is not known, because %s", o.Name, o.silence())
}

// silence names the hosts that do not answer.
func (o Outcome) silence() string {
	switch {
	case !o.Source.Known() && !o.Destination.Known():
		return fmt.Sprintf("neither %s nor %s answers", o.Source.Host, o.Destination.Host)
	case !o.Source.Known():
		return o.Source.Host + " does not answer"
	case !o.Destination.Known():
		return o.Destination.Host + " does not answer"
	}
	return ""
}

// mayMigrate tells whether a migration of the VM may still be under way.
func (o Outcome) mayMigrate() bool { return o.Migrating || o.JobError != nil }

// arrived tells whether the move succeeded: the VM was seen on the destination,
// running, asleep or paused as it was before, and seen to be gone from the source.
// A guest that can be made to sleep may do so in mid-move, and be woken.
func (o Outcome) arrived(ranBefore bool) bool {
	if !o.Source.Gone() {
		return false
	}
	return o.Destination.Is(StateRunning, StateAsleep) || !ranBefore && o.Destination.Is(StatePaused)
}

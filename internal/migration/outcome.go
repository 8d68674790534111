package migration

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
	// Unknown cannot be told, because a host does not answer.
	Unknown Place = "not known"
)

// Outcome is what both hosts said of the VM after its migration had ended, or
// was not even started.
type Outcome struct {
	// UUID and Name are the VM's. Sentences use the name, commands the UUID.
	UUID, Name string
	// Source and Destination are what each host said.
	Source, Destination Observation
	// Recovering is true where a post-copy that had lost its link was to be recovered.
	Recovering bool
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
	// Unstopped is true when it has not ended that job although it was told to, Mirrored
	// when that has copied disks.
	Unstopped, Mirrored bool
	// ResumeError is why a guest that was left paused could not be resumed.
	ResumeError error

	// Sent is true when all of the guest's memory may have been sent before the
	// migration failed.
	Sent bool
	// Recovery is how a post-copy that failed is recovered.
	Recovery Recovery
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

// ShutOffOnSource tells whether the VM does not run, and the source alone keeps it.
func (o Outcome) ShutOffOnSource() bool {
	return o.Source.Defined() && !o.Source.Migrated() && o.Destination.absent()
}

// Whereabouts is what the two hosts said, a host that had no part being left out.
func (o Outcome) Whereabouts() Whereabouts {
	w := Whereabouts{VM: o.Name, Untouched: o.Untouched}
	for _, seen := range []Observation{o.Source, o.Destination} {
		if seen.Host != "" {
			w.Hosts = append(w.Hosts, seen)
		}
	}
	return w
}

// Subject is the VM and the two hosts.
func (o Outcome) Subject() Subject {
	return Subject{UUID: o.UUID, Name: o.Name, Source: o.Source.Host, Destination: o.Destination.Host}
}

// MayMigrate tells whether a migration of the VM may still be under way.
func (o Outcome) MayMigrate() bool { return o.Migrating || o.JobError != nil }

// arrived tells whether the move succeeded: the VM was seen on the destination,
// running, asleep or paused as it was before, and seen to be gone from the source.
// A guest that can be made to sleep may do so in mid-move, and be woken.
func (o Outcome) arrived(ranBefore bool) bool {
	if !o.Source.Gone() {
		return false
	}
	return o.Destination.Is(StateRunning, StateAsleep) || !ranBefore && o.Destination.Is(StatePaused)
}

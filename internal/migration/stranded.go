package migration

import "context"

// stranded tells whether a host holds a guest that was stopped for the switch-over of a
// migration whose job is gone: it lost its client at that moment, and only the client
// could have said which of the two copies goes on.
func stranded(s Observation, idle bool) bool {
	return idle && s.Is(StatePaused) && s.Domain.Reason == ReasonMigration
}

// checkStranded looks for a stranded guest on the source. It is not resumed: the
// other copy may run on any host, also on one that is not among the provider's.
func (a *Assessment) checkStranded(r Request) {
	if !stranded(a.source, a.idle) || !a.destination.Gone() {
		return
	}
	a.passing = true // libvirt may be about to say how the migration has ended
	a.add(Finding{Check: CheckState, Fact: Stranded{r.otherCopy()}, Host: r.Source.Name()})
}

// OtherCopy is where the other copy of a stranded guest may run.
type OtherCopy string

// The values. None is a host that has answered.
const (
	// OnUnknownHost is a host that is not among the provider's.
	OnUnknownHost OtherCopy = "unknown host"
	// OnReceivingHost is a host that holds an incoming domain.
	OnReceivingHost OtherCopy = "receiving host"
	// OnSilentHost is a host that does not answer.
	OnSilentHost OtherCopy = "silent host"
)

// otherCopy is where the other copy of a stranded guest may run.
func (r Request) otherCopy() OtherCopy {
	switch {
	case r.Rival:
		return OnReceivingHost
	case r.Unseen:
		return OnSilentHost
	}
	return OnUnknownHost
}

// arrived notes that the VM is on the destination already.
func (a *Assessment) arrived(ctx context.Context, r Request) {
	a.AlreadyThere = true
	a.idle = idle(ctx, r.Destination, a.destination)
}

// ranBefore tells whether the guest ran, or was asleep, before the migration that is to
// be made or adopted: then it must not stay paused after it. A guest that an adopted
// migration has stopped ran before: it was stopped for the switch-over, or by a suspend,
// which libvirt then takes for a part of the migration (qemuDomainSuspend). One that was
// paused before keeps its reason.
func (a *Assessment) ranBefore() bool {
	return a.source.Is(StateRunning, StateAsleep, StatePostCopySource) ||
		a.Running && a.source.Is(StatePaused) && a.source.Domain.Reason == ReasonMigration
}

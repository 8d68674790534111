package migration

// stranded tells whether a host holds a guest that was stopped for the switch-over of a
// migration whose job is gone: it lost its client at that moment, and only the client
// could have said which of the two copies goes on.
func stranded(o Observation, idle bool) bool {
	return idle && o.Is(StatePaused) && o.Domain.Reason == ReasonMigration
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

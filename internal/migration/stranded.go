package migration

import (
	"context"
	"fmt"
)

// stranded tells whether a host holds a guest that was stopped for the
// switch-over of a migration of which there is no job any more: its client was
// lost in that moment. Which of the two copies runs on was for the client to
// say.
func (a *Assessment) stranded(s Sighting) bool {
	return a.idle && s.Is(StatePaused) && s.Domain.Reason == ReasonMigration
}

// checkStranded looks for a stranded guest on the source. It is not resumed: the
// other copy may run on any host, also on one that is not among the provider's.
func (a *Assessment) checkStranded(r Request) {
	if !a.stranded(a.source) || !a.destination.Gone() {
		return
	}
	a.passing = true // libvirt may be about to say how the migration has ended
	a.add(Finding{Check: CheckState, Host: r.Source.Name(), Detail: r.strandedOn(r.Source.Name())})
}

// strandedOn says what to do about a guest that is stranded on a host.
func (r Request) strandedOn(host string) string {
	where := "a host that the provider's configuration does not have"
	switch {
	case r.Rival:
		where = "another host, which holds a receiving half of it and may be about to start that"
	case r.Unseen:
		where = "a host that does not answer"
	}
	return stranded(r.Name, r.UUID, host, where)
}

// stranded says the same of a guest whose other copy may run on the hosts that
// where names.
func stranded(name, uuid, host, where string) string {
	return fmt.Sprintf("VM %s is paused on %s by a migration that is over, and that lost its client (Terraform, virsh) in the switch-over. "+
		"None of the hosts that answered runs it; it may run on %s, so it was not resumed. "+
		"Make sure that it runs nowhere else: then `virsh resume %s` on %s lets it run, and it can be moved.", name, host, where, uuid, host)
}

// arrived notes that the VM is on the destination already.
func (a *Assessment) arrived(ctx context.Context, r Request) {
	a.AlreadyThere = true
	if a.destination.Is(StatePaused) {
		job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return r.Destination.Job(ctx, r.UUID) })
		a.idle = err == nil && job.Type != JobRunning
	}
}

// ranBefore tells whether the guest ran, or was asleep, before the migration that is
// to be made or adopted: then it must not be paused after it. A guest that the adopted one has stopped did: for its switch-over,
// or by a suspend, which libvirt takes for a part of the migration then
// (qemuDomainSuspend). One that was paused before keeps its reason.
func (a *Assessment) ranBefore() bool {
	return a.source.Is(StateRunning, StateAsleep, StatePostCopySource) ||
		a.Running && a.source.Is(StatePaused) && a.source.Domain.Reason == ReasonMigration
}

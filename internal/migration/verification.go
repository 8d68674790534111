package migration

import (
	"context"
	"errors"
	"time"
)

// verification is what is known of the end of a migration before the hosts are
// observed.
type verification struct {
	request Request
	// ranBefore is true when the guest ran, or was asleep, when the migration began:
	// stopped by it and left so, it is resumed. One that is asleep then stays so.
	ranBefore bool
	// suspended is true when on_timeout asked for the guest to be paused.
	suspended bool
	// foreign is true when the migration was not begun, or libvirt refused it because
	// of another operation. A guest that is paused was then stopped by somebody else,
	// perhaps for a migration to any host, which alone knows whether it may run here.
	foreign bool
	// withheld is true when it is certain that the guest was never started on the
	// destination, whether that answers or not.
	withheld bool
	// recovery is how it is recovered if it was a post-copy that failed.
	recovery Recovery
	// limit bounds the verification: no observation begins after it.
	limit   time.Duration
	resumes int
}

// withheld tells whether a migration that did not succeed ended before anybody
// could tell the destination to start the guest: its job was aborted on the
// source, it was never begun, or the client that drove it had not come so far.
// An answer that was lost where the switch to post-copy is allowed may hide that.
func (m *move) withheld(e ending) bool {
	switch {
	case m.Recover:
		return false
	case e.aborted(), errors.Is(e.err, errHalted), !e.begun:
		return true
	case e.mode != Direct, e.err == nil, e.committed, e.postCopy, errors.Is(e.err, ErrBusy):
		return false
	}
	return !m.Policy.PostCopy() || !Lost(e.err)
}

// verify observes both hosts until what they say can be relied on, or
// the limit has passed. On the way it resumes a guest that was left paused
// where that cannot make it run twice.
func (v *verification) verify(ctx context.Context) Outcome {
	start := time.Now()
	var resumeError error
	for {
		o := v.see(ctx)
		waited := time.Since(start)
		if host := v.leftPaused(o, waited); host != nil {
			resumeError = v.resume(ctx, host)
			o = v.see(ctx)
		}
		o.ResumeError = resumeError
		if v.conclusive(o, waited) || waited >= v.limit {
			return o
		}
		time.Sleep(verifyInterval) // ctx is never cancelled (move.own): limit ends this
	}
}

func (v *verification) see(ctx context.Context) Outcome {
	o := Outcome{
		UUID: v.request.UUID, Name: v.request.Name, Recovering: v.request.Recover, Foreign: v.foreign, Withheld: v.withheld,
		Recovery: v.recovery,
	}
	o.Source, o.Destination = v.request.observe(ctx)
	if o.Source.Err == nil && o.Source.Domain.Active() {
		job, err := ask(ctx, observeDeadline, func(ctx context.Context) (Job, error) {
			return v.request.Source.Job(ctx, v.request.UUID)
		})
		switch {
		case err == nil:
			o.Migrating = job.migratesOut()
		case !errors.Is(err, ErrNotActive) && !errors.Is(err, ErrNoDomain):
			o.JobError = err
		}
	}
	return o
}

// conclusive tells whether another observation would show nothing new. waited is the
// time since the first one.
func (v *verification) conclusive(o Outcome, waited time.Duration) bool {
	patient := waited >= leftoverPatience
	if o.arrived(v.ranBefore) {
		return !o.Source.Defined() || patient // libvirt undefines after it has ended the guest
	}
	switch o.Place() {
	case OnSource:
		if v.foreign && patient {
			return true // the job that goes on is not waited for
		}
		return !o.MayMigrate() && (o.Destination.Gone() || patient && !o.Destination.Known())
	case PausedOnSource, PausedOnDestination:
		if o.Source.Is(StateAsleep) && o.Destination.Gone() && !o.MayMigrate() {
			return true // as it was, and nothing of the migration is left
		}
		return patient && o.JobError == nil && !v.resumable(o.Source) && !v.resumable(o.Destination) &&
			!o.Source.Is(StatePostCopySource)
	case OnBoth, OnNeither, PausedOnBoth, SplitMemory:
		return patient // the two hosts are not seen at the very same moment
	default:
		return false
	}
}

// maxResumes is how often resuming a guest is tried.
const maxResumes = 3

// leftPaused is the host on which a guest that ran before was left paused and can be
// resumed safely; nil when there is none.
func (v *verification) leftPaused(o Outcome, waited time.Duration) Host {
	switch {
	case v.resumable(o.Source) && !o.MayMigrate() && (o.Destination.Gone() || v.withheld && !o.Destination.Known()):
		return v.request.Source
	case v.resumable(o.Destination) && o.Source.Gone() && waited >= leftoverPatience:
		return v.request.Destination
	}
	return nil
}

// resumable tells whether a guest was stopped by this migration and by nothing
// else, and may still be told to run. A guest that somebody suspended, or whose
// disk failed, is left alone, as is either part of a post-copy: neither has all memory.
func (v *verification) resumable(seen Observation) bool {
	if v.request.Recover || !v.ranBefore || v.foreign || v.resumes >= maxResumes || !seen.Is(StatePaused) || seen.stuck() {
		return false
	}
	reason := seen.Domain.Reason
	// libvirt takes an order to pause the guest for a user's when the job has just ended.
	return reason.OfMigration() || reason == ReasonUser && v.suspended && seen.Host == v.request.Source.Name()
}

func (v *verification) resume(ctx context.Context, host Host) error {
	v.resumes++
	return order(ctx, callDeadline, func(ctx context.Context) error { return host.Resume(ctx, v.request.UUID) })
}

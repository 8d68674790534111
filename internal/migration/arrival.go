package migration

import "context"

// Arrival is the report of a VM that is on its destination already: what its host
// still knows of the migration that brought it there, and what is unusual about it. It
// asks the host within deadlines of its own, and changes nothing.
func Arrival(ctx context.Context, host Host, uuid string) (Report, error) {
	observing, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	seen := observe(observing, host, uuid)
	if seen.Err != nil {
		return Report{}, seen.Err
	}
	r := Report{Subject: Subject{UUID: uuid, Name: seen.Domain.Name, Destination: host.Name()}, State: seen.Domain.State}
	if seen.Defined() {
		return r, nil
	}
	r.brought(seen, idle(ctx, host, seen), OnUnknownHost, completed(ctx, host, uuid))
	return r, nil
}

// brought adds what is known of a migration that ended unwatched because its client
// was killed, and the warnings about what it left.
func (r *Report) brought(seen Observation, idle bool, other OtherCopy, job *Job) {
	if job != nil {
		r.Unwatched = true
		r.figuresOf(job, ending{})
	}
	switch {
	case stranded(seen, idle):
		r.warn(Warning{Kind: WarningStranded, Other: other})
	case seen.Is(StateCrashed):
		r.warn(Warning{Kind: WarningCrashed, Persistent: seen.Domain.Persistent})
	}
}

// idle tells whether a host said that no job runs on a paused domain.
func idle(ctx context.Context, host Host, seen Observation) bool {
	if !seen.Is(StatePaused) {
		return false
	}
	job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return host.Job(ctx, seen.Domain.UUID) })
	return err == nil && job.Type != JobRunning
}

// completed is what a host's libvirt says of the migration that brought a domain; nil
// when it knows of none.
func completed(ctx context.Context, host Host, uuid string) *Job {
	job, err := ask(ctx, callDeadline, func(ctx context.Context) (Job, error) { return host.CompletedJob(ctx, uuid) })
	if err != nil || job.Type != JobCompleted || job.Operation != OperationMigrationIn {
		return nil
	}
	return &job
}

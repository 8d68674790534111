package migration

import (
	"errors"
	"fmt"
	"time"
)

var (
	// errNoJob is why libvirt was not told to end a job.
	errNoJob = errors.New("its job was not seen to begin")
	// errRival is why a migration did not begin.
	errRival = fmt.Errorf("another migration of the VM was under way: %w", ErrBusy)
)

// jobOwner is what is known of whose the job on the source is. libvirt keeps one job
// for each domain and does not say who asked for it: until this migration's has begun,
// anybody's may run, and a call waits up to 30 s for the end of one that is no
// migration.
type jobOwner struct {
	// known is true once the job was seen that is this migration's. No other can begin
	// before that has ended.
	known bool
	// rival is true once a migration was seen that is another one.
	rival bool
	// told is true once it was said that there is another job.
	told bool
}

// owns tells whether a running job is this migration's: it moves the VM away, and is
// no older than the call that was to begin it. Its age holds for some moment between
// the question and the answer. A job that is older than the call by the question, and
// younger by the answer, may be another's: it is left alone until a quicker answer
// tells, or until libvirt, which refuses a second migration, has let the call be for
// lockDeadline. another is true where it is to be told that another job runs.
func (f *facts) owns(e event) (owned, another bool) {
	o := &f.owner
	if e.job.migratesOut() {
		switch earliest := f.called.Add(-clockTolerance); {
		case o.known:
			return true, false
		case !f.called.IsZero() && began(e.asked, e.job).After(earliest):
			o.known = true
			return true, false
		case !f.called.IsZero() && began(e.at, e.job).After(earliest):
			o.known = f.driver == ownCalls && e.at.Sub(f.called) >= lockDeadline
			return o.known, false
		}
		o.rival = true
	}
	another = !o.told && !o.known
	o.told = o.told || another
	return false, another
}

// began is when a job began that was read at a time.
func began(read time.Time, job Job) time.Time { return read.Add(-job.Elapsed) }

// mayBegin tells whether libvirt may still begin the job once another one has ended,
// also after the call was lost.
func (f *facts) mayBegin() bool { return !f.owner.known && f.elapsed() < lockDeadline }

// refusal adds to the error of a migration that did not begin that another one was
// under way. libvirt's own message does not always say so.
func (o jobOwner) refusal(err error) error {
	switch {
	case !o.rival || o.known || errors.Is(err, ErrBusy):
		return err
	case err == nil:
		return errRival
	}
	return fmt.Errorf("%w; %w", err, errRival)
}

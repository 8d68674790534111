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

// ownership is what the watch knows of whose the job on the source is. libvirt
// keeps one job for each domain and does not say who asked for it: until this
// migration's has begun, anybody's may run, and a call waits for the end of one
// that is no migration, for up to 30 s.
type ownership struct {
	// known is true once the job was seen that is this migration's. No other can
	// begin before that has ended.
	known bool
	// rival is true once a migration was seen that is another one.
	rival bool
	// told is true once it was said that there is another job.
	told bool
}

// owns tells whether a running job is this migration's: it moves the VM away, and
// is no older than the call that was to begin it. When the job was that old, between
// the question and the answer, is not known: what began before the call if it was at
// the question may be another's. It is left alone until a quicker answer tells, or
// libvirt, which refuses a second migration, has let the call be for so long.
func (w *watch) owns(a answer) bool {
	job := a.job
	if w.known && job.migratesOut() {
		return true
	}
	if job.migratesOut() {
		switch asked := w.asked(); {
		case asked != nil && began(a.asked, job).After(asked.Add(-clockTolerance)):
			w.claim()
			return true
		case asked != nil && began(a.came, job).After(asked.Add(-clockTolerance)):
			if w.calls != nil && a.came.Sub(*asked) >= lockDeadline {
				w.claim()
			}
			return w.known
		}
		w.rival = true
	}
	if !w.told && !w.known {
		w.told = true
		w.tell.say(Notice{Kind: NoticeQueued})
	}
	return false
}

// claim notes that the running job is this migration's.
func (w *watch) claim() {
	w.known = true
	if w.calls != nil {
		w.calls.begun.Store(true)
	}
}

// began is when a job began that was read at a time.
func began(read time.Time, job Job) time.Time { return read.Add(-job.Elapsed) }

// asked is when the call was made that begins the job; nil before.
func (w *watch) asked() *time.Time {
	if w.mode == Direct {
		return w.calls.performing.Load()
	}
	return &w.start
}

// mayWait tells whether libvirt may still begin the job once another one has
// ended, also after the call was lost.
func (w *watch) mayWait(now time.Time) bool { return !w.known && now.Sub(w.start) < lockDeadline }

// refused adds to the error of a migration that did not begin that another one
// was under way. libvirt's own words do not always say so.
func (w *watch) refused(err error) error {
	switch {
	case !w.rival || w.known || errors.Is(err, ErrBusy):
		return err
	case err == nil:
		return errRival
	}
	return fmt.Errorf("%w; %w", err, errRival)
}

package migration

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errHalted is a migration that was cancelled between two of its steps.
var errHalted = errors.New("cancelled before the memory was sent")

// errUnprepared is a destination that did not answer Prepare and does not hold the
// incoming domain.
var errUnprepared = errors.New("the destination did not prepare for the VM")

// direct carries the migration out in libvirt's five steps: Begin, Prepare,
// Perform, Finish, Confirm.
//
// Until Perform has succeeded, the guest belongs to the source: whatever goes
// wrong, the incoming domain is discarded, and libvirt lets the guest run on. After
// that the destination decides: Confirm tells the source whether the guest has moved
// only once the destination has said so.
func (r Request) direct(ctx context.Context, c *runner, p Parameters) error {
	s := steps{Request: r, runner: c, parameters: p}
	cookie, err := s.send(ctx)
	if err != nil {
		return err
	}
	c.announce(ctx, onAllSent)
	c.committed = true
	return s.complete(ctx, cookie)
}

// steps is one direct migration.
type steps struct {
	Request
	runner     *runner
	parameters Parameters
}

// send makes the first three steps. After an error the guest was not started on the
// destination and never will be.
func (s steps) send(ctx context.Context) ([]byte, error) {
	begin, cancel := context.WithTimeout(ctx, lockDeadline)
	xml, cookie, err := s.Source.Begin(begin, s.UUID, s.parameters)
	cancel()
	if err != nil {
		return nil, &StepError{s.Source.Name(), StepBegin, err}
	}
	if s.runner.halted.Err() != nil {
		return nil, errHalted
	}

	uri, cookie, err := s.prepare(ctx, xml, cookie)
	if err != nil {
		return nil, err
	}
	if !s.runner.mayBegin(ctx) {
		s.discard(ctx)
		return nil, errHalted
	}
	endHeartbeat := s.heartbeat(ctx)
	cookie, err = s.Source.Perform(ctx, s.UUID, uri, cookie, s.parameters)
	endHeartbeat()
	if err != nil {
		if unsure(err) && s.mayFetch(ctx) {
			return nil, fmt.Errorf("%s no longer answered in post-copy: %w", s.Source.Name(), err)
		}
		if s.discard(ctx) && unsure(err) && s.runner.jobSeen.Load() && s.Storage == nil {
			// The source may have sent everything before the connection broke
			// and wait, paused, to be told; with the incoming domain gone it is safe
			// to let it run. Where the job had not begun, libvirt would take
			// this for the end of any other migration, and end its job. Where disks are
			// copied, Perform may still wait for the end of the mirrors. If libvirt waits
			// for it here, too, Perform misses it, takes that of the next migration's mirrors
			// for it, and lets the guest run on the source while it runs on the destination
			// (seen with libvirt 11.3).
			_ = s.confirm(ctx, nil, true)
		}
		return nil, &StepError{s.Source.Name(), StepPerform, err}
	}
	if err := s.hear(ctx); err != nil {
		// Only this client could have told it to start the guest.
		return nil, errors.Join(err, s.confirm(ctx, nil, true))
	}
	return cookie, nil
}

// prepare makes the second step, which may take long: QEMU may allocate all of the
// guest's memory when it starts, and libvirt may wait for storage. It is waited for as
// long as the incoming domain is seen, as in a peer-to-peer migration.
func (s steps) prepare(ctx context.Context, xml string, cookie []byte) (uri string, out []byte, err error) {
	preparing, end := s.whileSeen(ctx, StateIncoming, startLimit)
	uri, out, err = s.Destination.Prepare(preparing, xml, cookie, s.parameters)
	unseen := preparing.Err() != nil && ctx.Err() == nil
	end()
	if err == nil {
		return uri, out, nil
	}
	if unsure(err) {
		s.discard(ctx)
	}
	switch {
	case Lost(err) && s.runner.halted.Err() != nil:
		return "", nil, errHalted
	case Lost(err) && unseen:
		return "", nil, errUnprepared
	}
	return "", nil, &StepError{s.Destination.Name(), StepPrepare, err}
}

// hear makes sure that the destination answers before it is told to start the guest,
// which is stopped on the source by now. If a silent destination were told, the guest
// might run there and would have to stay stopped on the source for good. In post-copy
// the guest runs there already.
func (s steps) hear(ctx context.Context) error {
	if s.mayFetch(ctx) {
		return nil
	}
	_, err := ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
		return s.Destination.Domain(ctx, s.UUID)
	})
	if !Lost(err) {
		return nil
	}
	return fmt.Errorf("%s did not answer when the memory had been sent, and was not told to start the VM: %w",
		s.Destination.Name(), err)
}

// mayFetch tells whether the destination may be fetching memory in post-copy,
// when the source has fallen silent: its domain must then be left alone, for it is
// the VM. Only an answer of the source that says otherwise rules it out.
func (s steps) mayFetch(ctx context.Context) bool {
	if !s.parameters.PostCopy() {
		return false
	}
	if s.runner.postCopy.Load() {
		return true
	}
	observing, cancel := context.WithTimeout(context.WithoutCancel(ctx), observeDeadline)
	defer cancel()
	return !observe(observing, s.Source, s.UUID).Is(StateRunning, StateAsleep, StatePaused)
}

// discard removes the incoming domain and tells whether it is certain to be gone.
// libvirt usually answers that there is none: it has noticed the end already.
func (s steps) discard(ctx context.Context) bool {
	_, err := s.finish(ctx, nil, true)
	return !Lost(err)
}

// complete makes the last two steps.
func (s steps) complete(ctx context.Context, cookie []byte) error {
	cookie, err := s.finish(ctx, cookie, false)
	if err == nil {
		return s.confirm(ctx, cookie, false)
	}
	failed := &StepError{s.Destination.Name(), StepFinish, err}
	started, err := s.started(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("%w; whether it did is not known: %w", failed, err)
	case started:
		return s.confirm(ctx, nil, false)
	}
	// Without a cookie: with that of an earlier step, libvirt takes the two hosts for
	// the same one.
	return errors.Join(failed, s.confirm(ctx, nil, true))
}

// started finds out whether the destination runs the guest although it did not
// say so. While that is not known, the guest must stay paused on the source; and
// while the destination still fetches memory, the source must not be told
// anything: confirmed, it would end its QEMU and the memory with it. A domain
// that is still incoming has not run; when that does not change, it is discarded.
func (s steps) started(ctx context.Context) (bool, error) {
	ctx = context.WithoutCancel(ctx)
	deadline := time.Now().Add(verifyLimit)
	discarded := false
	for {
		observing, cancel := context.WithTimeout(ctx, observeDeadline)
		seen := observe(observing, s.Destination, s.UUID)
		cancel()
		switch {
		case seen.Is(StateRunning, StateAsleep, StatePaused, StateCrashed):
			return true, nil
		case seen.Gone(), seen.Is(StatePostCopyFailed):
			return false, nil
		case seen.Is(StatePostCopy):
			deadline = time.Now().Add(verifyLimit)
		case time.Now().Before(deadline):
		case seen.Is(StateIncoming) && !discarded:
			discarded = true
			s.discard(ctx)
			deadline = time.Now().Add(leftoverPatience)
		case seen.Err == nil:
			return false, fmt.Errorf("it is %s there", seen.Domain.State)
		default:
			return false, seen.Err
		}
		time.Sleep(verifyInterval) // ctx is never cancelled: deadline ends this, once no memory is fetched any more
	}
}

// finish makes the last step on the destination. After a switch to post-copy it
// lasts as long as memory is seen to be fetched there.
func (s steps) finish(ctx context.Context, cookie []byte, cancelled bool) ([]byte, error) {
	var end context.CancelFunc
	switch {
	case cancelled:
		ctx, end = undoing(ctx)
	case s.runner.postCopy.Load():
		ctx, end = s.whileSeen(ctx, StatePostCopy, silenceLimit)
	default:
		ctx, end = context.WithTimeout(ctx, finishLimit)
	}
	defer end()
	return s.Destination.Finish(ctx, s.Name, cookie, s.parameters, cancelled)
}

// confirm makes the last step on the source. All memory has been fetched by
// then, or never will be.
func (s steps) confirm(ctx context.Context, cookie []byte, cancelled bool) error {
	var end context.CancelFunc
	if cancelled {
		ctx, end = undoing(ctx)
	} else {
		ctx, end = context.WithTimeout(ctx, finishLimit)
	}
	defer end()
	err := s.Source.Confirm(ctx, s.UUID, cookie, s.parameters, cancelled)
	if err != nil {
		return &StepError{s.Source.Name(), StepConfirm, err}
	}
	return nil
}

// undoing is the context of a call that undoes a step: it has a deadline of its own,
// and outlives the migration's.
func undoing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callDeadline)
}

// whileSeen is a context that ends a time after the destination was last seen to
// hold the domain in a state: until then a call may last.
func (s steps) whileSeen(
	ctx context.Context, state DomainState, limit time.Duration,
) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		for seen := time.Now(); time.Since(seen) < limit && ctx.Err() == nil; {
			there, err := ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
				return s.Destination.Domain(ctx, s.UUID)
			})
			if err == nil && there.State == state {
				seen = time.Now()
			}
			select {
			case <-ctx.Done():
			case <-time.After(pollInterval):
			}
		}
	}()
	return ctx, func() { cancel(); <-ended }
}

// heartbeat asks the destination, until the function that it returns is called, whether
// it is there while the memory is being sent, and tells the watch when it has not
// answered for desertedLimit. Without the destination a direct migration cannot be
// ended: once the guest has been stopped for the switch-over, nobody else can say
// whether it may run on. Until then it can be cancelled.
func (s steps) heartbeat(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		heard := time.Now()
		for ctx.Err() == nil {
			if _, err := ask(ctx, observeDeadline, func(ctx context.Context) (Domain, error) {
				return s.Destination.Domain(ctx, s.UUID)
			}); !Lost(err) {
				heard = time.Now()
			}
			if time.Since(heard) >= desertedLimit {
				s.runner.announce(ctx, onDestinationLost)
			}
			select {
			case <-ctx.Done():
			case <-time.After(heartbeatInterval):
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

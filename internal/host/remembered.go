package host

import (
	"context"
	"errors"
	"sync"
	"time"
)

// standing is how long a failure to connect is going to last.
type standing int

const (
	// passing may be over the next moment.
	passing standing = iota
	// lasting is over when somebody has done something about it: the host is not
	// the one that we trust, or does not trust us.
	lasting
	// counted is a login that was refused. It lasts, and hosts count it.
	counted
)

// loginPause is how long a refused login is not repeated. It keeps a run that asks
// a host hundreds of times, and lasts for hours, below the three failures in a
// quarter of an hour for which pam_faillock locks an account and the five in ten
// minutes for which fail2ban blocks an address, unless told otherwise. A run that
// goes on after somebody has mended it does not have to be started again. It is for
// hosts that never let us in: one that has, and is in the midst of a migration,
// does not refuse for want of a right key, and is needed again as soon as it can.
const loginPause = 10 * time.Minute

// remembered is a failure to connect that stands for a while: whoever asks in
// between is told at once and the host is left alone. Every resource would
// otherwise wait for the same deadline, or have the same login refused, one after
// the other.
type remembered struct {
	mu      sync.Mutex
	failure *dialError
	until   time.Time
	trusted bool // the host has let us in before
}

// recall is the failure that stands; nil when there is none.
func (r *remembered) recall() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil && time.Now().Before(r.until) {
		return r.failure
	}
	return nil
}

// note remembers a failure for as long as it stands; open is how long an attempt
// to connect may take.
func (r *remembered) note(failure *dialError, open time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	period := failure.stands(open)
	if r.trusted {
		period = min(period, open)
	}
	if period > 0 {
		r.failure, r.until = failure, time.Now().Add(period)
	}
}

// letIn forgets what was remembered of a host that has let us in.
func (r *remembered) letIn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure, r.trusted = nil, true
}

// stands is how long the failure of an attempt to connect is remembered; open is
// how long an attempt may take. What nobody has to mend is not remembered at all:
// a daemon that is started again is used at once.
func (e *dialError) stands(open time.Duration) time.Duration {
	var tunnel *tunnelError
	var credential *credentialError
	s := passing
	switch {
	case errors.As(e.cause, &tunnel):
		s = tunnel.standing
	case errors.As(e.cause, &credential) && credential.refused:
		s = counted
	case errors.As(e.cause, &credential):
		s = lasting
	case errors.Is(e.cause, context.DeadlineExceeded):
		s = lasting
	}
	return map[standing]time.Duration{lasting: open, counted: loginPause}[s]
}

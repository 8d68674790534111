package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// loginPause is how long a refused login is not repeated. It keeps a run that asks
// a host hundreds of times, and lasts for hours, below the three failures in a
// quarter of an hour for which pam_faillock locks an account and the five in ten
// minutes for which fail2ban blocks an address, unless told otherwise. A run that
// goes on after somebody has mended it does not have to be started again. It is for
// hosts that never let us in: one that has, and is in the midst of a migration,
// does not refuse for want of a right key, and is needed again as soon as it can.
const loginPause = 10 * time.Minute

// dialBackoff keeps a failure to connect for a while: whoever asks in between is
// told at once and the host is left alone. Every resource would otherwise wait for
// the same deadline, or have the same login refused, one after the other.
type dialBackoff struct {
	mu      sync.Mutex
	failure *dialError
	until   time.Time
	trusted bool // the host has let us in before
}

// recall is the failure that is kept; nil when there is none.
func (b *dialBackoff) recall() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure != nil && time.Now().Before(b.until) {
		return b.failure
	}
	return nil
}

// note keeps a failure for as long as it is going to last; open is how long an
// attempt to connect may take.
func (b *dialBackoff) note(failure *dialError, open time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	period := failure.pause(open)
	if b.trusted {
		period = min(period, open)
	}
	if period > 0 {
		b.failure, b.until = failure, time.Now().Add(period)
	}
}

// succeeded forgets the failure of a host that has let us in.
func (b *dialBackoff) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failure, b.trusted = nil, true
}

// pause is how long a failed attempt to connect is not repeated; open is how long
// an attempt may take. What nobody has to mend is repeated at once: a daemon that
// is started again is used at once.
func (e *dialError) pause(open time.Duration) time.Duration {
	switch e.persistence() {
	case transport.Permanent:
		return open
	case transport.LoginRefused:
		return loginPause
	case transport.Temporary:
	}
	return 0
}

// persistence is how long the failure is going to last.
func (e *dialError) persistence() transport.Persistence {
	var way *transport.Error
	var login *rpc.LoginError
	switch {
	case errors.As(e.cause, &way):
		return way.Persistence
	case errors.As(e.cause, &login) && login.Refused:
		return transport.LoginRefused
	case errors.As(e.cause, &login), errors.Is(e.cause, context.DeadlineExceeded):
		return transport.Permanent
	}
	return transport.Temporary
}

package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// loginPause is how long a refused login is not repeated. A run may ask a host
// hundreds of times for hours; by default pam_faillock locks an account after three
// failures in a quarter of an hour, and fail2ban blocks an address after five in ten
// minutes. A run goes on by itself once somebody has mended the login. The pause is
// for hosts that never accepted a login: one that has done so, and is in the midst of
// a migration, is needed again as soon as it can.
const loginPause = 10 * time.Minute

// dialBackoff keeps a failure to connect for a while. Whoever asks in between gets
// it at once, and the host is left alone. Otherwise every resource would wait for the
// same deadline, or have the same login refused, one after the other.
type dialBackoff struct {
	mu      sync.Mutex
	failure *dialError
	until   time.Time
	trusted bool // the host has accepted a login before
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

// note keeps a failure for its pause; open is how long an attempt to connect may
// take.
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

// succeeded forgets the failure: the host has accepted the login.
func (b *dialBackoff) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failure, b.trusted = nil, true
}

// pause is how long a failed attempt to connect is not repeated; open is how long
// an attempt may take. What may be over by itself is not kept: a daemon that was
// started again is used at once.
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

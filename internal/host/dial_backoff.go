package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// loginPause is how long a refused login is not repeated, because a run makes hundreds
// of calls: by default pam_faillock locks an account after 3 failures in 15 minutes, and
// fail2ban blocks an address after 5 in 10. A host that accepted a login before is
// retried sooner: a migration may need it.
const loginPause = 10 * time.Minute

// dialBackoff keeps a failure to connect for a while and returns it to all callers.
// Otherwise every resource would wait for the same deadline or repeat the same refused
// login.
type dialBackoff struct {
	mu      sync.Mutex
	failure *dialError
	until   time.Time
	trusted bool // the host has accepted a login before
}

// recall returns the kept failure, or nil.
func (b *dialBackoff) recall() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failure != nil && time.Now().Before(b.until) {
		return b.failure
	}
	return nil
}

// note keeps a failure for its pause; open is the deadline of an attempt to connect.
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

// pause is how long a failed attempt to connect is not repeated; open is the deadline of
// an attempt. It is 0 for temporary failures: a restarted daemon is used at once.
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

// persistence is how long the failure lasts.
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

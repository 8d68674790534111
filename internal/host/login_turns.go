package host

import (
	"context"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

const (
	// sshLogins is how many hosts are logged in to by SSH at a time. A login keeps this
	// machine's processors busy; of many at once, all would come near their deadline.
	sshLogins = 8
	// loginPatience is how long a login keeps others waiting. Hosts that are down do not
	// hold up those that are up.
	loginPatience = 5 * time.Second
)

// LoginTurns lets hosts log in by SSH a few at a time. It is safe for concurrent use.
type LoginTurns struct{ free chan struct{} }

// NewLoginTurns makes the turns of hosts that are used together.
func NewLoginTurns() *LoginTurns { return &LoginTurns{make(chan struct{}, sshLogins)} }

// WithLoginTurns makes a Host wait for its turn before it connects by SSH. Its deadline
// begins with the turn.
func WithLoginTurns(turns *LoginTurns) Option {
	return func(h *Host) {
		if h.endpoint.BySSH() {
			h.logins = turns
		}
	}
}

// take waits for a turn; done gives it back, and so does the patience. A nil LoginTurns has
// one for everybody.
func (l *LoginTurns) take(ctx context.Context) (done func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	started := time.Now()
	select {
	case l.free <- struct{}{}:
	case <-ctx.Done():
		return nil, rpc.ContextError(ctx.Err(), started)
	}
	release := func() { <-l.free }
	patience := time.AfterFunc(loginPatience, release)
	return func() {
		if patience.Stop() {
			release()
		}
	}, nil
}

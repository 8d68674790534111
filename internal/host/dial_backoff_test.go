package host

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// What a failure to connect is remembered for decides how often a host is
// bothered, and how soon one that was mended is used.
func TestHowLongAFailureStands(t *testing.T) {
	t.Parallel()
	const open = 15 * time.Second
	tests := map[string]struct {
		cause error
		want  time.Duration
	}{
		"refused login, SASL":      {&rpc.LoginError{Refused: true}, loginPause},
		"refused login, SSH":       {&rpc.LostError{Cause: &transport.Error{Persistence: transport.LoginRefused}}, loginPause},
		"host key unknown":         {&rpc.LostError{Cause: &transport.Error{Persistence: transport.Permanent}}, open},
		"no key to offer, SSH":     {&transport.Error{Persistence: transport.Permanent}, open},
		"no way to log in":         {&rpc.LoginError{}, open},
		"no answer":                {&rpc.TimeoutError{}, open},
		"no answer from the dial":  {context.DeadlineExceeded, open},
		"nothing listens":          {syscall.ECONNREFUSED, 0},
		"nothing listens, SSH":     {&rpc.LostError{Cause: &transport.Error{}}, 0},
		"ended before it answered": {&rpc.LostError{Cause: errors.New("EOF")}, 0},
		"not libvirt":              {&rpc.LostError{Cause: &rpc.ProtocolError{}}, 0},
	}
	for name, test := range tests {
		if got := (&dialError{cause: test.cause}).pause(open); got != test.want {
			t.Errorf("%s: stands for %s, want %s", name, got, test.want)
		}
	}
}

func TestFailureIsForgottenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r dialBackoff
		if err := r.recall(); err != nil {
			t.Errorf("got %v of nothing", err)
		}
		failure := &dialError{cause: &rpc.LoginError{Refused: true}}
		r.note(failure, DefaultOpen)
		time.Sleep(loginPause - time.Second)
		if err := r.recall(); !errors.Is(err, failure) {
			t.Errorf("got %v, want %v", err, failure)
		}
		time.Sleep(2 * time.Second)
		if err := r.recall(); err != nil {
			t.Errorf("got %v, which is over", err)
		}
	})
}

// A host that has accepted a login and refuses a login once, while its directory of
// users is being restarted, is asked again before long, and is as good as before
// once it lets us in. One that never did is left alone.
func TestRefusalInTheMidstOfWork(t *testing.T) {
	t.Parallel()
	refusal := &transport.Error{Reason: "refused", Persistence: transport.LoginRefused}
	tests := map[string]struct {
		before bool // a login was accepted before the refusal
		pause  time.Duration
	}{
		"accepted before":    {true, DefaultOpen},
		"never accepted yet": {false, loginPause},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				letsIn := test.before
				h := newHostBehind(t, func(context.Context) (net.Conn, error) {
					if !letsIn {
						return nil, refusal
					}
					_, near := rpctest.Start(t)
					return near, nil
				})
				if _, err := h.controlConn(t.Context()); (err == nil) != test.before {
					t.Fatalf("the first login: %v", err)
				}
				letsIn = false
				if _, err := h.openWork(t.Context()); !errors.Is(err, refusal) {
					t.Fatalf("got %v, want %v", err, refusal)
				}
				letsIn = true // somebody has mended it
				time.Sleep(test.pause - time.Second)
				if _, err := h.openWork(t.Context()); !errors.Is(err, refusal) {
					t.Errorf("got %v, want what is remembered: %v", err, refusal)
				}
				time.Sleep(2 * time.Second)
				if _, err := h.openWork(t.Context()); err != nil {
					t.Errorf("%s after it was mended: %v", test.pause, err)
				}
			})
		})
	}
}

// An accepted login counts more than a refusal just before.
func TestLoginEndsTheMemoryOfARefusal(t *testing.T) {
	t.Parallel()
	var r dialBackoff
	r.note(&dialError{cause: &rpc.LoginError{Refused: true}}, DefaultOpen)
	r.succeeded()
	if err := r.recall(); err != nil {
		t.Errorf("got %v, which is over", err)
	}
}

// newHostBehind makes a Host that reaches its daemon by dial, closed when the test
// ends.
func newHostBehind(t *testing.T, dial func(context.Context) (net.Conn, error), options ...Option) *Host {
	t.Helper()
	h, err := New(Config{Name: "kvm9", URI: "qemu+tcp://kvm9/system"}, options...)
	if err != nil {
		t.Fatal(err)
	}
	h.dialStream = dial
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

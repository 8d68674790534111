package host

import (
	"bytes"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// watched is a stream that tells when it is closed.
type watched struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (w *watched) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// A connection that comes about when the host has been closed, and nobody waits
// for it any more, is closed.
func TestConnectionThatComesAfterClose(t *testing.T) {
	t.Parallel()
	_, near := rpctest.Start(t)
	stream := &watched{Conn: near, closed: make(chan struct{})}
	var h *Host
	h = newHostBehind(t, func(context.Context) (net.Conn, error) {
		h.backoff.mu.Lock() // holds the dialler when it has connected
		return stream, nil
	}, WithDeadlines(Deadlines{Close: 500 * time.Millisecond}))
	asked := make(chan error, 1)
	go func() {
		_, err := h.controlConn(t.Context())
		asked <- err
	}()
	eventually(t, "the dialler has connected", func() bool {
		stacks := make([]byte, 1<<20)
		for goroutine := range bytes.SplitSeq(stacks[:runtime.Stack(stacks, true)], []byte("\n\n")) {
			if bytes.Contains(goroutine, []byte("[sync.Mutex.Lock")) && bytes.Contains(goroutine, []byte("(*dialBackoff).succeeded(")) {
				return true // and not one of a test beside this
			}
		}
		return false
	})
	if err := h.Close(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing: got %v, want %v", err, context.DeadlineExceeded)
	}
	h.backoff.mu.Unlock()
	if err := <-asked; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
	select {
	case <-stream.closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection is open")
	}
}

// eventually polls until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !rpctest.Poll(10*time.Second, so) {
		t.Fatalf("%s: not within 10 s", what)
	}
}

package host

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"runtime"
	"sync"
	"testing"
	"time"
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
	_, near := startScripted(t)
	stream := &watched{Conn: near, closed: make(chan struct{})}
	var h *Host
	h = newHostBehind(t, func(context.Context, *url.URL) (net.Conn, error) {
		h.remembered.mu.Lock() // holds the dialler when it has connected
		return stream, nil
	}, WithDeadlines(Deadlines{Close: 50 * time.Millisecond}))
	asked := make(chan error, 1)
	go func() {
		_, err := h.controlConn(t.Context())
		asked <- err
	}()
	eventually(t, "the dialler has connected", func() bool {
		stacks := make([]byte, 1<<20)
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("(*remembered).letIn("))
	})
	if err := h.Close(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing: got %v, want %v", err, context.DeadlineExceeded)
	}
	h.remembered.mu.Unlock()
	if err := <-asked; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want %v", err, ErrClosed)
	}
	select {
	case <-stream.closed:
	case <-time.After(10 * time.Second):
		t.Error("the connection is open")
	}
}

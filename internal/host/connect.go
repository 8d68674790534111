package host

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// dial makes a new connection, unless a recent failure still holds.
func (h *Host) dial(caller context.Context) (*rpc.Conn, error) {
	if err := h.backoff.recall(); err != nil {
		return nil, err
	}
	done, err := h.logins.take(caller)
	switch {
	case err != nil && h.ctx.Err() != nil:
		return nil, ErrClosed
	case err != nil:
		return nil, err
	}
	defer done()
	if err := h.backoff.recall(); err != nil { // another attempt failed meanwhile
		return nil, err
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(caller, h.deadlines.Open)
	defer cancel()
	c, err := func() (*rpc.Conn, error) {
		stream, err := h.connect(ctx)
		if err != nil {
			return nil, err
		}
		return rpc.Open(ctx, stream, h.endpoint.Driver(), h.deadlines.Open)
	}()
	switch {
	case err == nil:
		h.backoff.succeeded()
		return c, nil
	case h.ctx.Err() != nil:
		return nil, ErrClosed
	case errors.Is(err, context.Canceled):
		return nil, err
	}
	// The time that the transport took to clean up does not count.
	failure := &dialError{cause: err, after: min(time.Since(started), h.deadlines.Open)}
	if caller.Err() == nil {
		h.backoff.note(failure, h.deadlines.Open)
	}
	return nil, failure
}

// connect opens a stream to the daemon and logs in. It returns when ctx ends, even while
// it reads keys or passwords from a lost file server: no deadline ends such a read. It
// closes a stream that comes too late.
func (h *Host) connect(ctx context.Context) (net.Conn, error) {
	type result struct {
		stream net.Conn
		err    error
	}
	connected := make(chan result)
	err := h.startDialler(func() {
		stream, err := h.authenticated(ctx)
		select {
		case connected <- result{stream, err}:
		case <-ctx.Done():
			if err == nil {
				_ = stream.Close()
			}
		}
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-connected:
		return r.stream, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// startDialler runs f unless the host is closed. Close waits for f.
func (h *Host) startDialler(f func()) error {
	h.closing.Lock()
	defer h.closing.Unlock()
	if h.ctx.Err() != nil {
		return ErrClosed
	}
	h.dialers.Go(f)
	return nil
}

// authenticated opens a stream to the daemon and logs in.
func (h *Host) authenticated(ctx context.Context) (net.Conn, error) {
	stream, err := h.dialStream(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.login(ctx, stream); err != nil {
		_ = stream.Close()
		return nil, err
	}
	return stream, nil
}

// awaitDialers waits for attempts to connect to end, for at most Deadlines.Close.
func (h *Host) awaitDialers() error {
	ended := make(chan struct{})
	go func() {
		h.dialers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-time.After(h.deadlines.Close):
		return &rpc.TimeoutError{After: h.deadlines.Close}
	}
}

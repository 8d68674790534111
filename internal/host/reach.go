package host

import (
	"context"
	"net"
	"time"
)

// reach makes a stream to the daemon and logs in. It returns when ctx ends,
// whatever that takes: the keys, certificates and passwords that are read on the
// way may be on a server that is gone, and no deadline ends such a read. A stream
// that comes too late is closed.
func (h *Host) reach(ctx context.Context) (net.Conn, error) {
	type result struct {
		stream net.Conn
		err    error
	}
	reached := make(chan result)
	err := h.startDialler(func() {
		stream, err := h.authenticated(ctx)
		select {
		case reached <- result{stream, err}:
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
	case r := <-reached:
		return r.stream, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// startDialler runs f, which Close waits for, unless the host is closed.
func (h *Host) startDialler(f func()) error {
	h.closing.Lock()
	defer h.closing.Unlock()
	if h.ctx.Err() != nil {
		return ErrClosed
	}
	h.dialers.Go(f)
	return nil
}

// authenticated is a stream to a daemon that knows who we are.
func (h *Host) authenticated(ctx context.Context) (net.Conn, error) {
	stream, err := h.transport.dial(ctx, h.uri)
	if err != nil {
		return nil, err
	}
	if err := h.login(ctx, stream); err != nil {
		_ = stream.Close()
		return nil, err
	}
	return stream, nil
}

// login authenticates a stream to a daemon that wants it, where there may be
// credentials. Without them the client library is refused by the daemon itself.
func (h *Host) login(ctx context.Context, stream net.Conn) error {
	if !h.mayLogIn() {
		return nil
	}
	readable := h.transport.readable != nil && h.transport.readable(h.uri)
	return authenticate(ctx, stream, h.credentials, readable)
}

// within waits, for no longer than limit, for what may not end.
func within(limit time.Duration, wait func()) error {
	gone := make(chan struct{})
	go func() {
		wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(limit):
		return &lateError{after: limit}
	}
}

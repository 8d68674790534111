package host

import (
	"context"
	"errors"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// read makes a call that changes nothing on the control connection. It is
// repeated once when the connection turns out to be lost, as it is after the
// daemon was restarted.
func read[T any](ctx context.Context, h *Host, op string, k class, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	v, err := invoke(ctx, h, h.deadlines.Call, k, fn)
	if lostInCall(err) != nil {
		v, err = invoke(ctx, h, h.deadlines.Call, k, fn)
	}
	return v, h.fail(op, err)
}

// write makes a call that changes something on the control connection. It is
// repeated only where it is certain that it was not sent.
func write(ctx context.Context, h *Host, op string, limit time.Duration, k class, fn func(*libvirt.Libvirt) error) error {
	call := func(lv *libvirt.Libvirt) (struct{}, error) { return struct{}{}, fn(lv) }
	_, err := invoke(ctx, h, limit, k, call)
	if lost := lostInCall(err); lost != nil && lost.unsent {
		_, err = invoke(ctx, h, limit, k, call)
	}
	return h.failChange(op, err)
}

// lostInCall is the loss of a connection that had been there; nil when err is
// something else.
func lostInCall(err error) *lostError {
	var dial *dialError
	var lost *lostError
	if errors.As(err, &dial) || !errors.As(err, &lost) {
		return nil
	}
	return lost
}

// invoke makes one call on the control connection.
func invoke[T any](ctx context.Context, h *Host, limit time.Duration, k class, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	var zero T
	c, err := h.controlConn(ctx)
	if err != nil {
		return zero, err
	}
	return on(ctx, c, limit, k, fn)
}

// on makes one call on a connection. The value travels by a channel, because
// the call may outlive its caller.
func on[T any](ctx context.Context, c *conn, limit time.Duration, k class, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	result := make(chan T, 1)
	err := c.call(ctx, limit, k, func(lv *libvirt.Libvirt) error {
		v, err := fn(lv)
		if err == nil {
			result <- v
		}
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return <-result, nil
}

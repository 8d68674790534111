package host

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// read makes a call that changes nothing on the control connection. It repeats the call
// once if the connection is lost, as after a restart of the daemon.
func read[T any](
	ctx context.Context, h *Host, op string, class rpc.Class, fn func(*libvirt.Libvirt) (T, error),
) (T, error) {
	return readWithin(ctx, h, op, h.deadlines.Call, class, fn)
}

// readWithin is read with another limit than that of calls.
func readWithin[T any](
	ctx context.Context, h *Host, op string, limit time.Duration, class rpc.Class, fn func(*libvirt.Libvirt) (T, error),
) (T, error) {
	v, err := invoke(ctx, h, limit, class, fn)
	if lostInCall(err) != nil {
		v, err = invoke(ctx, h, limit, class, fn)
	}
	return v, h.fail(op, err)
}

// write makes a call that changes something on the control connection. It repeats the
// call only if it was certainly not sent.
func write(
	ctx context.Context, h *Host, op string, limit time.Duration, class rpc.Class, fn func(*libvirt.Libvirt) error,
) error {
	call := func(lv *libvirt.Libvirt) (struct{}, error) { return struct{}{}, fn(lv) }
	_, err := invoke(ctx, h, limit, class, call)
	if lost := lostInCall(err); lost != nil && lost.Unsent {
		_, err = invoke(ctx, h, limit, class, call)
	}
	return h.failChange(op, err)
}

// lostInCall returns the loss of an established connection, or nil for another error.
func lostInCall(err error) *rpc.LostError {
	var dial *dialError
	var lost *rpc.LostError
	if errors.As(err, &dial) || !errors.As(err, &lost) {
		return nil
	}
	return lost
}

// invoke makes one call on the control connection.
func invoke[T any](
	ctx context.Context, h *Host, limit time.Duration, class rpc.Class, fn func(*libvirt.Libvirt) (T, error),
) (T, error) {
	c, err := h.controlConn(ctx)
	if err != nil {
		var zero T
		return zero, err
	}
	return rpc.Call(ctx, c.Conn, limit, class, fn)
}

// has makes a look-up that fails with the code missing when there is no such object.
func (h *Host) has(
	ctx context.Context, op string, missing libvirt.ErrorNumber, lookUp func(*libvirt.Libvirt) error,
) (bool, error) {
	_, err := read(ctx, h, op, rpc.Quick, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lookUp(lv)
	})
	if answered(err, missing) {
		return false, nil
	}
	return err == nil, err
}

// parallelReads is how many of the reads of one parallel run at the same time: a host may have thousands of volumes.
const parallelReads = 64

// parallel runs independent reads at the same time, parallelReads of them, to save round trips. It
// returns the first error in the order of its arguments.
func parallel(reads ...func() error) error {
	var wg sync.WaitGroup
	var taken atomic.Int64
	errs := make([]error, len(reads))
	for range min(len(reads), parallelReads) {
		wg.Go(func() {
			for i := taken.Add(1) - 1; i < int64(len(reads)); i = taken.Add(1) - 1 {
				errs[i] = reads[i]()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// get makes a read for parallel that stores what f returns.
func get[T any](into *T, f func() (T, error)) func() error {
	return func() error {
		v, err := f()
		*into = v
		return err
	}
}

package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// alone makes a call about a path, of which a host has one at a time: libvirt waits for
// storage that does not answer, for ever, and each call that waits holds a slot of the
// connection. Its turn ends with the call and not with its caller, and that it takes long does
// not end the connection, on which all else goes on.
func alone[T any](ctx context.Context, h *Host, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	var none T
	started := time.Now()
	select {
	case h.paths <- struct{}{}:
	case <-ctx.Done():
		return none, rpc.ContextError(ctx.Err(), started)
	}
	end := sync.OnceFunc(func() { <-h.paths })
	var taken atomic.Bool // by the call, or by its caller, who has left before it began
	v, err := invoke(ctx, h, 0, rpc.Patient, func(lv *libvirt.Libvirt) (T, error) {
		if taken.Swap(true) {
			return none, nil
		}
		defer end()
		return fn(lv)
	})
	if !taken.Swap(true) {
		end()
	}
	return v, err
}

package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// session names a work connection that must stay open between two steps of a direct
// migration. If it ended, libvirt would cancel the migration (Perform to Confirm) or
// destroy the incoming domain (Prepare to Finish).
type session struct {
	outgoing bool
	// domain is the UUID of an outgoing and the name of an incoming one.
	domain string
}

// position is that of a step in its session.
type position bool

const (
	firstStep position = false
	lastStep  position = true
)

// step makes one step on the connection of its session. The connection stays open after
// a successful first step, and after an abandoned one: libvirt would take its end for the
// end of the migration.
func step[T any](
	ctx context.Context, h *Host, op string, s session, at position, fn func(*libvirt.Libvirt) (T, error),
) (T, error) {
	c, err := h.sessionConn(ctx, s, at)
	if err != nil {
		var zero T
		return zero, h.fail(op, err)
	}
	v, err := rpc.Call(ctx, c, 0, rpc.Urgent, fn)
	abandoned := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if !abandoned && (err != nil || at == lastStep) {
		h.endSession(ctx, s)
	}
	return v, h.failChange(op, err)
}

// sessionConn returns the connection of a session. It opens one for the first step, and
// for a last one whose connection is lost.
func (h *Host) sessionConn(ctx context.Context, s session, at position) (*rpc.Conn, error) {
	if at == firstStep {
		h.endSession(ctx, s)
	}
	h.work.mu.Lock()
	c := h.work.sessions[s]
	h.work.mu.Unlock()
	if c != nil && c.Usable() {
		return c, nil
	}
	h.endSession(ctx, s)
	c, err := h.openWork(ctx)
	if err != nil {
		return nil, err
	}
	h.work.mu.Lock()
	defer h.work.mu.Unlock()
	h.work.sessions[s] = c
	return c, nil
}

// endSession closes the connection of a session.
func (h *Host) endSession(ctx context.Context, s session) {
	h.work.mu.Lock()
	c := h.work.sessions[s]
	delete(h.work.sessions, s)
	h.work.mu.Unlock()
	if c != nil {
		h.closeWork(ctx, c)
	}
}

package host

import (
	"context"
	"errors"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// session names a work connection that must stay open between two steps of a
// migration that the client drives, because libvirt takes its end for the end of
// the client: from Perform to Confirm it would cancel the migration, from Prepare
// to Finish it would destroy the incoming domain.
type session struct {
	outgoing bool
	// domain is the UUID of an outgoing and the name of an incoming one.
	domain string
}

// position is where a step stands in its session.
type position bool

const (
	firstStep position = false
	lastStep  position = true
)

// step makes one step on the connection of its session. A first step that
// succeeds leaves the connection open for the last one; any other answer ends
// it. A step that is given up leaves it open: its end would be taken for the end
// of the migration.
func step[T any](ctx context.Context, h *Host, op string, s session, at position, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	c, err := h.sessionConn(ctx, s, at)
	if err != nil {
		var zero T
		return zero, h.fail(op, err)
	}
	v, err := rpc.Call(ctx, c, 0, rpc.Urgent, fn)
	givenUp := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if !givenUp && (err != nil || at == lastStep) {
		h.endSession(ctx, s)
	}
	return v, h.failChange(op, err)
}

// sessionConn finds the connection of a session, or opens it: for the first step,
// and for a last one whose connection was lost.
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

package host

import (
	"context"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// sessionConn finds the connection of a session, or opens it: for the first step,
// and for a last one whose connection was lost.
func (h *Host) sessionConn(ctx context.Context, s session, where place) (*rpc.Conn, error) {
	if where == first {
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

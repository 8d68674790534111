package host

import (
	"context"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// control is the shared connection for short calls. It is dialled on first use and again
// after a loss; concurrent callers wait for the same attempt.
type control struct {
	mu      sync.Mutex
	conn    *sharedConn
	dialing *dialing
	old     []*rpc.Conn // retired, perhaps with calls under way
}

// dialing is one attempt to connect.
type dialing struct {
	done chan struct{}
	conn *sharedConn
	err  error
}

// sharedConn is a control connection and who the host at its other end is.
type sharedConn struct {
	*rpc.Conn
	uuid     known[string]
	identity known[migration.Identity]
}

// controlConn returns the control connection and dials it if needed.
func (h *Host) controlConn(ctx context.Context) (*sharedConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, rpc.ContextError(err, time.Now())
	}
	started := time.Now()
	d, err := h.ensureControl()
	if err != nil {
		return nil, err
	}
	select {
	case <-d.done:
		return d.conn, d.err
	case <-ctx.Done():
		return nil, rpc.ContextError(ctx.Err(), started)
	}
}

// ensureControl returns the connection, the attempt under way, or a new attempt. An
// attempt ends with the host or by its own deadline, not with its first caller.
func (h *Host) ensureControl() (*dialing, error) {
	c := &h.control
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil && c.conn.Usable():
		done := make(chan struct{})
		close(done)
		return &dialing{done: done, conn: c.conn}, nil
	case c.dialing != nil:
		return c.dialing, nil
	}
	if c.conn != nil {
		c.old = append(dropEnded(c.old), c.conn.Conn)
		c.conn = nil
	}
	d := &dialing{done: make(chan struct{})}
	err := h.startDialler(func() {
		defer close(d.done)
		var made *rpc.Conn
		if made, d.err = h.dial(h.ctx); d.err == nil {
			d.conn = &sharedConn{made, newKnown[string](), newKnown[migration.Identity]()}
		}
		if c.keep(h.ctx, d.conn) {
			return
		}
		_ = d.conn.Close(h.ctx, h.deadlines.Close)
		d.conn, d.err = nil, ErrClosed
	})
	if err != nil {
		return nil, err
	}
	c.dialing = d
	return d, nil
}

// keep ends an attempt and stores its connection, unless the host is closed: Close would
// miss it.
func (c *control) keep(lifetime context.Context, made *sharedConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialing = nil
	if made != nil && lifetime.Err() != nil {
		return false
	}
	c.conn = made
	return true
}

// take removes and returns all connections, to close them.
func (c *control) take() []*rpc.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	conns := c.old
	if c.conn != nil {
		conns = append(conns, c.conn.Conn)
	}
	c.conn, c.old = nil, nil
	return conns
}

// dropEnded removes connections that have ended completely.
func dropEnded(conns []*rpc.Conn) []*rpc.Conn {
	var live []*rpc.Conn
	for _, c := range conns {
		if !c.Ended() {
			live = append(live, c)
		}
	}
	return live
}

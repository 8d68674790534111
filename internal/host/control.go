package host

import (
	"context"
	"sync"
	"time"
)

// control is the connection that everything shares that is answered soon. It is
// dialled when first needed and again once it was lost; whoever needs it in the
// meantime waits for the same dialling.
type control struct {
	mu      sync.Mutex
	conn    *conn
	dialing *dialing
	old     []*conn // retired, perhaps still answering
}

// dialing is one attempt to connect.
type dialing struct {
	done chan struct{}
	conn *conn
	err  error
}

// controlConn returns the control connection, made anew where needed.
func (h *Host) controlConn(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, gaveUp(err, time.Now())
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
		return nil, gaveUp(ctx.Err(), started)
	}
}

// ensureControl finds the connection, the attempt under way, or starts one. An
// attempt has the host's life time and its own deadline, not those of the caller
// who happened to come first.
func (h *Host) ensureControl() (*dialing, error) {
	c := &h.control
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.conn != nil && c.conn.usable():
		done := make(chan struct{})
		close(done)
		return &dialing{done: done, conn: c.conn}, nil
	case c.dialing != nil:
		return c.dialing, nil
	}
	if c.conn != nil {
		c.old = append(dropEnded(c.old), c.conn)
		c.conn = nil
	}
	d := &dialing{done: make(chan struct{})}
	err := h.startDialler(func() {
		defer close(d.done)
		d.conn, d.err = h.dial(h.ctx)
		if c.keep(h.ctx, d.conn) {
			return
		}
		_ = d.conn.close(h.ctx, h.deadlines.Close)
		d.conn, d.err = nil, ErrClosed
	})
	if err != nil {
		return nil, err
	}
	c.dialing = d
	return d, nil
}

// keep ends a dialling and stores what came of it, unless the host is closed:
// Close may have taken what there was already.
func (c *control) keep(lifetime context.Context, made *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dialing = nil
	if made != nil && lifetime.Err() != nil {
		return false
	}
	c.conn = made
	return true
}

// take empties the control connection for closing.
func (c *control) take() []*conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	conns := c.old
	if c.conn != nil {
		conns = append(conns, c.conn)
	}
	c.conn, c.old = nil, nil
	return conns
}

// dropEnded forgets connections of which nothing is left.
func dropEnded(conns []*conn) []*conn {
	var live []*conn
	for _, c := range conns {
		if !c.ended() {
			live = append(live, c)
		}
	}
	return live
}

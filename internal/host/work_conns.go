package host

import (
	"context"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc"
)

// maxWork is how many work connections a host may have. A migration occupies one of
// libvirtd's workers (max_workers, 20) for its whole duration, and calls that watch and
// abort need some, too.
const maxWork = 15

// workConns are the connections of running migrations, one each.
type workConns struct {
	slots chan struct{}

	mu       sync.Mutex
	conns    map[*rpc.Conn]struct{}
	sessions map[session]*rpc.Conn
	// carrying are those of peer-to-peer migrations, by the UUID of the domain.
	carrying map[string]*rpc.Conn
}

func newWorkConns() workConns {
	return workConns{
		slots:    make(chan struct{}, maxWork),
		conns:    map[*rpc.Conn]struct{}{},
		sessions: map[session]*rpc.Conn{},
		carrying: map[string]*rpc.Conn{},
	}
}

// openWork makes a work connection. Close it with closeWork.
func (h *Host) openWork(ctx context.Context) (*rpc.Conn, error) {
	started := time.Now()
	select {
	case h.work.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, rpc.ContextError(ctx.Err(), started)
	case <-h.ctx.Done():
		return nil, ErrClosed
	}
	dialCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.ctx, cancel)() //nolint:contextcheck // dialling ends with the caller and with the host
	c, err := h.dial(dialCtx)
	if err != nil {
		<-h.work.slots
		return nil, err
	}
	// A daemon without keepalive is used without it.
	_ = c.Call(ctx, h.deadlines.Call, rpc.Quick, keepAlive)
	h.work.mu.Lock()
	h.work.conns[c] = struct{}{}
	h.work.mu.Unlock()
	if h.ctx.Err() != nil { // Close may have missed the connection
		h.closeWork(ctx, c)
		return nil, ErrClosed
	}
	return c, nil
}

// featureKeepalive is libvirt's VIR_DRV_FEATURE_PROGRAM_KEEPALIVE.
const featureKeepalive = 10

// keepAlive asks the daemon to send pings and to close the connection if they are not
// answered for about 30 s (keepalive_interval, keepalive_count). Otherwise, after a
// network failure in a direct migration, it would keep the incoming domain, and a guest
// stopped for the switch-over, for ever.
func keepAlive(lv *libvirt.Libvirt) error {
	_, err := lv.ConnectSupportsFeature(featureKeepalive)
	return err
}

// closeWork ends a work connection, and an abandoned call on it.
func (h *Host) closeWork(ctx context.Context, c *rpc.Conn) {
	h.work.mu.Lock()
	_, ours := h.work.conns[c]
	delete(h.work.conns, c)
	h.work.mu.Unlock()
	if ours {
		_ = c.Close(ctx, h.deadlines.Close)
		<-h.work.slots
	}
}

// carry notes which connection the peer-to-peer migration of a domain occupies, until end is called.
func (w *workConns) carry(uuid string, c *rpc.Conn) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.carrying[uuid] = c
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.carrying[uuid] == c {
			delete(w.carrying, uuid)
		}
	}
}

// carrier is the connection that carries the domain's migration away from the host; nil where none does.
func (w *workConns) carrier(uuid string) *rpc.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.carrying[uuid]; c != nil {
		return c
	}
	return w.sessions[session{true, uuid}]
}

// takeAll removes and returns all work connections, to close them.
func (w *workConns) takeAll() []*rpc.Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	var conns []*rpc.Conn
	for c := range w.conns {
		conns = append(conns, c)
	}
	clear(w.conns)
	clear(w.sessions)
	clear(w.carrying)
	return conns
}

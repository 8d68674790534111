package host

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/digitalocean/go-libvirt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Host is one libvirt host. It is safe for concurrent use. Nothing is dialled
// before the first call.
type Host struct {
	cfg       Config
	uri       *url.URL
	transport transport
	deadlines Deadlines

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	closing sync.Mutex     // between stop and the beginning of a dialler
	dialers sync.WaitGroup // that connect, or end what came of it too late

	control control
	work    work

	remembered remembered
}

var (
	_ migration.Source      = (*Host)(nil)
	_ migration.Destination = (*Host)(nil)
)

// Option changes how a Host works.
type Option func(*Host)

// WithDeadlines replaces the deadlines that are not 0.
func WithDeadlines(d Deadlines) Option {
	return func(h *Host) { h.deadlines = d.withDefaults() }
}

// New makes a Host of a valid configuration; the error is that of
// Config.Validate. Close it when done.
func New(cfg Config, options ...Option) (*Host, error) {
	if errs := cfg.Validate(); len(errs) > 0 {
		return nil, errs[0]
	}
	uri, err := ownURI(cfg.URI)
	if err != nil {
		return nil, err
	}
	t, err := transportFor(uri)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Host{
		cfg: cfg, uri: uri, transport: t,
		deadlines: Deadlines{}.withDefaults(),
		ctx:       ctx, stop: stop,
		work: newWork(),
	}
	for _, option := range options {
		option(h)
	}
	return h, nil
}

// Name is the host's name in the provider's configuration.
func (h *Host) Name() string { return h.cfg.Name }

// PeerURI is how other hosts' libvirt reaches this one; empty when they cannot.
func (h *Host) PeerURI() string { return h.cfg.EffectivePeerURI() }

// MigrationURI is where memory is sent when this host is the destination; empty
// lets its libvirt choose.
func (h *Host) MigrationURI() string { return h.cfg.MigrationURI }

// address is the way to the host, fit for errors.
func (h *Host) address() string { return redacted(h.uri) }

// Close ends all connections and waits for everything the host started, for twice
// the deadline at most. Calls under way fail. Migrations that libvirt drives go on.
func (h *Host) Close() error {
	h.closing.Lock()
	h.stop() // no attempt to connect begins from now on
	h.closing.Unlock()
	late := within(h.deadlines.Close, h.dialers.Wait)
	var wg sync.WaitGroup
	conns := append(h.work.takeAll(), h.control.take()...)
	errs := make([]error, len(conns))
	for i, c := range conns {
		wg.Go(func() { errs[i] = c.close(context.Background(), h.deadlines.Close) })
	}
	wg.Wait()
	if err := errors.Join(late, errors.Join(errs...)); err != nil {
		return h.fail("close the connections", err)
	}
	return nil
}

// dial makes a new connection, unless it is known that it would fail.
func (h *Host) dial(caller context.Context) (*conn, error) {
	if err := h.remembered.recall(); err != nil {
		return nil, err
	}
	started := time.Now()
	ctx, cancel := context.WithTimeout(caller, h.deadlines.Open)
	defer cancel()
	c, err := func() (*conn, error) {
		stream, err := h.reach(ctx)
		if err != nil {
			return nil, err
		}
		return open(ctx, stream, libvirt.RemoteURI(h.uri), h.deadlines.Open)
	}()
	switch {
	case err == nil:
		h.remembered.letIn()
		return c, nil
	case h.ctx.Err() != nil:
		return nil, ErrClosed
	case errors.Is(err, context.Canceled):
		return nil, err
	}
	// Ending what the transport had started is not a part of the waiting.
	failure := &dialError{cause: err, after: min(time.Since(started), h.deadlines.Open)}
	if caller.Err() == nil {
		h.remembered.note(failure, h.deadlines.Open)
	}
	return nil, failure
}

package host

import (
	"cmp"
	"context"
	"errors"
	"net"
	"sync"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/transport"
)

// Host is one libvirt host. It is safe for concurrent use. It dials on the first call.
type Host struct {
	cfg       Config
	endpoint  *transport.Endpoint
	peerURI   string
	deadlines Deadlines

	// dialStream opens a stream to the daemon; only tests replace the endpoint's.
	dialStream func(context.Context) (net.Conn, error)

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	closing sync.Mutex     // orders stop and the start of a dialler
	dialers sync.WaitGroup // attempts to connect, and the closing of late streams

	control control
	work    workConns

	backoff dialBackoff
	logins  *LoginTurns // nil: it waits for nobody

	paths  chan struct{} // held by the one call about a path
	strays strayPools
}

var (
	_ migration.Source      = (*Host)(nil)
	_ migration.Destination = (*Host)(nil)
	_ preflight.Source      = (*Host)(nil)
)

// Option changes how a Host works.
type Option func(*Host)

// WithDeadlines replaces the deadlines that are not 0.
func WithDeadlines(d Deadlines) Option {
	return func(h *Host) { h.deadlines = d.withDefaults() }
}

// New makes a Host; the error is the first of Config.Validate. Close it when done.
func New(cfg Config, options ...Option) (*Host, error) {
	endpoint, errs := cfg.parse()
	if len(errs) > 0 {
		return nil, errs[0]
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Host{
		cfg: cfg, endpoint: endpoint, peerURI: cmp.Or(cfg.PeerURI, endpoint.PeerURI()),
		deadlines:  Deadlines{}.withDefaults(),
		dialStream: endpoint.Dial,
		ctx:        ctx, stop: stop,
		work: newWorkConns(), paths: make(chan struct{}, 1),
	}
	for _, option := range options {
		option(h)
	}
	return h, nil
}

// Name is the host's name in the provider's configuration.
func (h *Host) Name() string { return h.cfg.Name }

// PeerURI is how other hosts' libvirt reaches this one; empty when they cannot.
func (h *Host) PeerURI() string { return h.peerURI }

// MigrationURI is where memory is sent when this host is the destination; empty
// lets its libvirt choose.
func (h *Host) MigrationURI() string { return h.cfg.MigrationURI }

// ListenAddress is where QEMU on this host receives memory; empty is what its libvirt
// chooses.
func (h *Host) ListenAddress() string { return h.cfg.ListenAddress }

// TLSDestination is the name in this host's certificate for encrypted migrations; empty is
// the name or address that memory is sent to.
func (h *Host) TLSDestination() string { return h.cfg.TLSDestination }

// MigrationPort is the port that all memory is sent to; 0 lets its libvirt choose one for
// each migration.
func (h *Host) MigrationPort() uint16 {
	uri, _ := transport.ParseMigrationURI(h.cfg.MigrationURI) // checked; empty has no port
	return uri.Port
}

// Close destroys what a question has left, ends all connections and waits for everything that the host started, for at
// most twice the deadline. Calls under way fail. Migrations that libvirt drives go on.
func (h *Host) Close() error {
	stray := h.destroyStrays()
	h.closing.Lock()
	h.stop() // no attempt to connect begins from now on
	h.closing.Unlock()
	late := h.awaitDialers()
	var wg sync.WaitGroup
	conns := append(h.work.takeAll(), h.control.take()...)
	errs := make([]error, len(conns))
	for i, c := range conns {
		wg.Go(func() { errs[i] = c.Close(context.Background(), h.deadlines.Close) })
	}
	wg.Wait()
	if err := errors.Join(late, errors.Join(errs...)); err != nil {
		return errors.Join(stray, h.fail("close the connections", err))
	}
	return stray
}

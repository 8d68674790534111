package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// Places on one connection. libvirtd executes five calls of a client at a time
// (max_client_requests), does not even read the sixth, and warns of the fifth in
// its log. So the last place is kept for the call that ends a job; those that can
// wait for a domain's job leave another one to those that wait for nobody; and
// those that wait longest leave one to those that watch.
const (
	sharedPlaces  = 4
	patientPlaces = 3
	writePlaces   = 2
)

// class is how a call behaves towards the daemon's five places.
type class int

const (
	// quick calls wait for no domain.
	quick class = iota
	// patient calls may wait for a domain that is started or has a job.
	patient
	// writing calls wait for a job for up to 30 s.
	writing
	// urgent calls take the place that is always left: those that end a job or
	// change how it goes.
	urgent
)

// conn is one guarded connection to a daemon. It is used until it fails once.
type conn struct {
	guard *guard
	lv    *libvirt.Libvirt

	shared, patient, writing chan struct{}

	host hostUUID

	running sync.WaitGroup // calls, whether or not somebody still waits for them

	mu      sync.Mutex
	retired bool // no new calls
	callers int  // calls that somebody waits for
	pending int  // calls without an answer, whether or not somebody waits
}

// dialed gives the library a connection that is there already.
type dialed struct{ net.Conn }

// Dial returns the connection.
func (d dialed) Dial() (net.Conn, error) { return d.Conn, nil }

// open makes the library speak to the daemon at the other end of the stream. It
// owns the stream from now on.
func open(ctx context.Context, stream net.Conn, driver libvirt.ConnectURI, limit time.Duration) (*conn, error) {
	g := newGuard(stream)
	c := &conn{
		guard:   g,
		lv:      libvirt.NewWithDialer(dialed{g}),
		shared:  make(chan struct{}, sharedPlaces),
		patient: make(chan struct{}, patientPlaces),
		writing: make(chan struct{}, writePlaces),
		host:    newHostUUID(),
	}
	err := c.call(ctx, limit, quick, func(lv *libvirt.Libvirt) error {
		defer g.settle()
		return lv.ConnectToURI(driver)
	})
	if err != nil {
		_ = c.close(ctx, limit)
		return nil, err
	}
	return c, nil
}

// call runs fn, which makes one call of the library. It returns when fn has
// ended, when ctx is done or when limit has passed (none when 0), whichever is
// first. A caller who leaves early leaves the call behind: it keeps its place
// until it is answered, and other calls go on. A call that is not answered
// within limit retires the connection.
func (c *conn) call(ctx context.Context, limit time.Duration, k class, fn func(*libvirt.Libvirt) error) error {
	started := time.Now()
	leave, err := c.enter(ctx, k)
	if err != nil {
		return gaveUp(err, started)
	}
	defer c.left()

	late, answered := c.watch(limit)
	done := make(chan error, 1)
	go func() {
		defer c.running.Done()
		err := guarded(c.lv, fn)
		leave()
		answered()
		done <- err
	}()
	select {
	case err := <-done:
		return c.translate(err)
	case <-ctx.Done():
		return gaveUp(ctx.Err(), started)
	case <-late:
		return &lateError{after: limit}
	}
}

// watch retires the connection after limit, and says so, unless the call was
// answered before.
func (c *conn) watch(limit time.Duration) (late <-chan struct{}, answered func()) {
	if limit <= 0 {
		return nil, func() {}
	}
	expired := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		c.retire()
		close(expired)
	})
	return expired, func() { timer.Stop() }
}

// guarded runs fn and turns a panic of the library's decoder into an error:
// whatever it meets that the guard let pass, it must not end the provider.
func guarded(lv *libvirt.Libvirt, fn func(*libvirt.Libvirt) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoder panic: %v", r)
		}
	}()
	return fn(lv)
}

// gaveUp is the error of a caller whose context ended.
func gaveUp(err error, started time.Time) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &lateError{after: time.Since(started)}
	}
	return err
}

// enter waits for a place and counts the caller and the call; leave gives the
// place back.
func (c *conn) enter(ctx context.Context, k class) (leave func(), err error) {
	var places []chan struct{}
	switch k {
	case urgent:
	case quick:
		places = []chan struct{}{c.shared}
	case patient:
		places = []chan struct{}{c.patient, c.shared}
	case writing:
		places = []chan struct{}{c.writing, c.patient, c.shared}
	}
	for i, p := range places {
		select {
		case p <- struct{}{}:
		case <-ctx.Done():
			release(places[:i])
			return nil, ctx.Err()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		release(places)
		return nil, &lostError{cause: errNotSent, unsent: true}
	}
	c.callers++
	c.pending++
	c.running.Add(1)
	return func() {
		release(places)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pending--
	}, nil
}

func release(places []chan struct{}) {
	for _, p := range places {
		<-p
	}
}

// left counts a caller out. The last one of a retired connection closes it.
func (c *conn) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers--
	if c.retired && c.callers == 0 {
		c.guard.kill()
	}
}

// retire takes the connection out of use. Calls under way have their own
// deadlines; when nobody waits any more it is closed.
func (c *conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = true
	if c.callers == 0 {
		c.guard.kill()
	}
}

// usable tells whether new calls may be made.
func (c *conn) usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.retired && c.guard.Cause() == nil
}

// translate tells an answer of the daemon from a connection that broke.
func (c *conn) translate(err error) error {
	var answer libvirt.Error
	if err == nil || errors.As(err, &answer) || errors.Is(err, libvirt.ErrUnsupported) {
		return err
	}
	// Whatever else it is, the stream of frames can no longer be trusted.
	c.retire()
	cause := c.guard.Cause()
	if cause == nil {
		cause = &protocolError{reason: "malformed reply: " + err.Error()}
	}
	// The library refuses to send on a connection whose end it knows with EINVAL.
	return &lostError{cause: cause, unsent: errors.Is(err, errNotSent) || errors.Is(err, syscall.EINVAL)}
}

// close ends the connection and waits until nothing of it is left. It says
// goodbye where no call is under way, so that the daemon does not log a lost
// client.
func (c *conn) close(ctx context.Context, limit time.Duration) error {
	if c.usable() && c.idle() {
		_ = c.call(context.WithoutCancel(ctx), limit, quick, (*libvirt.Libvirt).ConnectClose)
	}
	c.retire()
	c.guard.kill()
	return within(limit, func() {
		c.running.Wait()
		<-c.guard.drained
		<-c.guard.closed
	})
}

// idle tells whether no call is under way.
func (c *conn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending == 0
}

// ended tells whether nothing of the connection is left.
func (c *conn) ended() bool {
	for _, end := range []<-chan struct{}{c.guard.drained, c.guard.closed} {
		select {
		case <-end:
		default:
			return false
		}
	}
	return c.idle()
}

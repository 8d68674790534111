package rpc

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

// Conn is one guarded connection to a daemon. It is used until it fails once. It
// is safe for concurrent use.
type Conn struct {
	guard *frameGuard
	lv    *libvirt.Libvirt
	slots slots

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

// Open makes the daemon at the other end of the stream open a driver, such as
// qemu:///system. It owns the stream from now on. The error matches
// [ErrLoginWanted] where the daemon wants SASL.
func Open(ctx context.Context, stream net.Conn, driver string, limit time.Duration) (*Conn, error) {
	g := newFrameGuard(stream)
	c := &Conn{guard: g, lv: libvirt.NewWithDialer(dialed{g}), slots: newSlots()}
	err := c.Call(ctx, limit, Quick, func(lv *libvirt.Libvirt) error {
		defer g.settle()
		return lv.ConnectToURI(libvirt.ConnectURI(driver))
	})
	if err != nil {
		_ = c.Close(ctx, limit)
		return nil, refusedOpening(err)
	}
	return c, nil
}

// Call makes one call that has a result.
func Call[T any](ctx context.Context, c *Conn, limit time.Duration, class Class, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	result := make(chan T, 1) // not a variable, because the call may outlive its caller
	err := c.Call(ctx, limit, class, func(lv *libvirt.Libvirt) error {
		v, err := fn(lv)
		if err == nil {
			result <- v
		}
		return err
	})
	if err != nil {
		var zero T
		return zero, err
	}
	return <-result, nil
}

// Call runs fn, which makes one call of the library. It returns when fn has
// ended, when ctx is done or when limit has passed (none when 0), whichever is
// first. A caller who leaves early leaves the call behind: it keeps its slot
// until it is answered, and other calls go on. A call that is not answered
// within limit retires the connection.
//
// The error is the daemon's [libvirt.Error], [libvirt.ErrUnsupported], a
// [LateError], a [LostError], or that of a context that was cancelled.
func (c *Conn) Call(ctx context.Context, limit time.Duration, class Class, fn func(*libvirt.Libvirt) error) error {
	started := time.Now()
	leave, err := c.enter(ctx, class)
	if err != nil {
		return ContextError(err, started)
	}
	defer c.left()

	late, answered := c.watch(limit)
	done := make(chan error, 1)
	go func() {
		defer c.running.Done()
		err := withoutPanic(c.lv, fn)
		leave()
		answered()
		done <- err
	}()
	select {
	case err := <-done:
		return c.translate(err)
	case <-ctx.Done():
		return ContextError(ctx.Err(), started)
	case <-late:
		return &LateError{After: limit}
	}
}

// watch retires the connection after limit, and says so, unless the call was
// answered before.
func (c *Conn) watch(limit time.Duration) (late <-chan struct{}, answered func()) {
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

// withoutPanic runs fn and turns a panic of the library's decoder into an error:
// whatever it meets that the guard let pass, it must not end the process.
func withoutPanic(lv *libvirt.Libvirt, fn func(*libvirt.Libvirt) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoder panic: %v", r)
		}
	}()
	return fn(lv)
}

// enter waits for a slot and counts the caller and the call; leave gives the
// slot back.
func (c *Conn) enter(ctx context.Context, class Class) (leave func(), err error) {
	release, err := c.slots.acquire(ctx, class)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		release()
		return nil, &LostError{Cause: errNotSent, Unsent: true}
	}
	c.callers++
	c.pending++
	c.running.Add(1)
	return func() {
		release()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.pending--
	}, nil
}

// left counts a caller out. The last one of a retired connection closes it.
func (c *Conn) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers--
	if c.retired && c.callers == 0 {
		c.guard.kill()
	}
}

// retire takes the connection out of use. Calls under way have their own
// deadlines; when nobody waits any more it is closed.
func (c *Conn) retire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.retired = true
	if c.callers == 0 {
		c.guard.kill()
	}
}

// Usable tells whether new calls may be made.
func (c *Conn) Usable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.retired && c.guard.Cause() == nil
}

// translate tells an answer of the daemon from a connection that broke.
func (c *Conn) translate(err error) error {
	var answer libvirt.Error
	if err == nil || errors.As(err, &answer) || errors.Is(err, libvirt.ErrUnsupported) {
		return err
	}
	// Whatever else it is, the stream of frames can no longer be trusted.
	c.retire()
	cause := c.guard.Cause()
	if cause == nil {
		cause = &ProtocolError{Reason: "malformed reply: " + err.Error()}
	}
	// The library refuses to send on a connection whose end it knows with EINVAL.
	return &LostError{Cause: cause, Unsent: errors.Is(err, errNotSent) || errors.Is(err, syscall.EINVAL)}
}

// Close ends the connection and waits, for twice the limit at most, until nothing
// of it is left; else the error is a [LateError]. It says goodbye where no call is
// under way, so that the daemon does not log a lost client. Calls under way fail.
func (c *Conn) Close(ctx context.Context, limit time.Duration) error {
	if c.Usable() && c.idle() {
		_ = c.Call(context.WithoutCancel(ctx), limit, Quick, (*libvirt.Libvirt).ConnectClose)
	}
	c.retire()
	c.guard.kill()
	gone := make(chan struct{})
	go func() {
		c.running.Wait()
		<-c.guard.drained
		<-c.guard.closed
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(limit):
		return &LateError{After: limit}
	}
}

// idle tells whether no call is under way.
func (c *Conn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending == 0
}

// Ended tells whether nothing of the connection is left.
func (c *Conn) Ended() bool {
	for _, end := range []<-chan struct{}{c.guard.drained, c.guard.closed} {
		select {
		case <-end:
		default:
			return false
		}
	}
	return c.idle()
}

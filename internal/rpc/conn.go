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

// Conn is one guarded connection to a daemon. It is safe for concurrent use. After
// its first failure it is not used again.
type Conn struct {
	guard *frameGuard
	lv    *libvirt.Libvirt
	slots slots

	running sync.WaitGroup // calls, with and without a waiting caller

	mu      sync.Mutex
	retired bool // no new calls
	callers int  // calls with a waiting caller
	pending int  // calls without a reply, with and without a waiting caller
}

// dialed gives the library a connection that exists already.
type dialed struct{ net.Conn }

// Dial returns the connection.
func (d dialed) Dial() (net.Conn, error) { return d.Conn, nil }

// Open makes the daemon at the other end of the stream open a driver, such as
// qemu:///system. It takes ownership of the stream. The error matches
// [ErrLoginRequired] if the daemon requires SASL.
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
func Call[T any](
	ctx context.Context, c *Conn, limit time.Duration, class Class, fn func(*libvirt.Libvirt) (T, error),
) (T, error) {
	result := make(chan T, 1) // not a variable: the call may outlive its caller
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

// Call runs fn, which makes one call of the library at a time, until fn ends, ctx is done or
// limit has passed (0 is no limit). A call whose ctx ends early keeps its slot until
// it is answered. A call that is not answered within limit retires the connection.
//
// The error is the daemon's [Refusal], [libvirt.ErrUnsupported], a
// [TimeoutError], a [LostError], or that of a cancelled context.
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
		return &TimeoutError{After: limit}
	}
}

// watch retires the connection after limit and closes late, unless the call is
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

// withoutPanic runs fn and turns a panic of the library's decoder into an error: a
// reply that the guard misjudged must not end the process.
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

// left counts a caller out. The last caller of a retired connection closes it.
func (c *Conn) left() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers--
	if c.retired && c.callers == 0 {
		c.guard.kill()
	}
}

// retire takes the connection out of use. Calls under way keep their own deadlines;
// the connection closes when no caller waits any more.
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

// translate tells the daemon's own errors from those of a broken connection.
func (c *Conn) translate(err error) error {
	if answer := AnswerOf(err); answer != nil {
		return answer
	}
	switch {
	case err == nil, errors.Is(err, libvirt.ErrUnsupported):
		return err
	}
	// After any other error the stream of frames can no longer be trusted.
	c.retire()
	cause := c.guard.Cause()
	if cause == nil {
		cause = &ProtocolError{Reason: "malformed reply: " + err.Error()}
	}
	// EINVAL is the library's refusal to send on a connection that it knows has ended.
	return &LostError{Cause: cause, Unsent: errors.Is(err, errNotSent) || errors.Is(err, syscall.EINVAL)}
}

// Close ends the connection, fails the calls under way and waits for at most twice
// the limit until nothing of it is left; after that the error is a [TimeoutError].
// An idle connection sends ConnectClose first, or the daemon logs a lost client.
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
		return &TimeoutError{After: limit}
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

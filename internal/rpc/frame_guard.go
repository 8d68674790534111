package rpc

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
)

// frameGuard stands between the client library and the peer. The library allocates
// whatever a frame claims to hold, panics on one that is too short, and locks up
// on a reply that nobody asked for; so a frame is received and checked whole
// before a byte of it is passed on, and only replies to calls that are waiting
// get through.
//
// The library reads from one goroutine and never writes concurrently.
type frameGuard struct {
	net.Conn

	// reader state, used by the library's reader goroutine only
	in      *bufio.Reader
	passing []byte // what is still to be handed over of a frame

	// out collects what the library writes until a frame is whole.
	out []byte

	writing sync.Mutex // one frame at a time: the reader answers pings

	mu      sync.Mutex
	waiting map[uint32]uint32 // procedures of calls without a reply, by serial
	cause   error             // why reading or writing ended

	closed chan struct{} // closed when nothing of the connection is left

	opened  chan struct{} // closed by settle
	settled sync.Once
	drained chan struct{} // closed when the library was told that reading ended
	ended   sync.Once
}

func newFrameGuard(c net.Conn) *frameGuard {
	return &frameGuard{
		Conn:    c,
		in:      bufio.NewReader(c),
		waiting: map[uint32]uint32{},
		closed:  make(chan struct{}),
		opened:  make(chan struct{}),
		drained: make(chan struct{}),
	}
}

// Read hands over what is left of the frame under way, or waits for the next
// one that concerns the library. The library is told of any end as io.EOF: it
// would go on for ever after an error that calls itself temporary, as the one
// of TCP's keepalive does.
func (g *frameGuard) Read(p []byte) (int, error) {
	if g.Cause() == nil {
		n, err := g.read(p)
		if err == nil {
			return n, nil
		}
		g.fail(err)
	}
	g.holdBack()
	g.ended.Do(func() { close(g.drained) })
	return 0, io.EOF
}

func (g *frameGuard) read(p []byte) (int, error) {
	for len(g.passing) == 0 {
		if err := g.nextFrame(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.passing)
	g.passing = g.passing[n:]
	return n, nil
}

// nextFrame reads one header and decides what becomes of its frame: a reply
// that is waited for is passed on, a ping is answered, an event is dropped
// (nothing here subscribes to any, and the library decodes them unchecked).
func (g *frameGuard) nextFrame() error {
	var raw [headerSize]byte
	if _, err := io.ReadFull(g.in, raw[:4]); err != nil {
		return err
	}
	if err := checkLength([4]byte(raw[:4])); err != nil {
		return err
	}
	if _, err := io.ReadFull(g.in, raw[4:]); err != nil {
		return cut(err)
	}
	h := parseHeader(&raw)
	if err := h.check(); err != nil {
		return err
	}
	switch {
	case h.program == programKeepalive && h.procedure == procedurePing:
		if err := g.drop(h); err != nil {
			return err
		}
		return g.send(header{headerSize, programKeepalive, protocolVersion, procedurePong, typeMessage, 0, 0}.encode())
	case h.kind == typeMessage:
		return g.drop(h)
	case !g.awaits(h):
		return &ProtocolError{Reason: fmt.Sprintf("reply to a call that was not made (serial %d)", h.serial)}
	}
	frame, err := g.receive(h)
	if err != nil {
		return err
	}
	if err := checkReply(h, frame[headerSize:]); err != nil {
		return err
	}
	g.passing = frame
	g.answered(h.serial)
	return nil
}

// firstRoom is how many bytes are made room for on a frame's word alone. After
// that it is as many again as have come.
const firstRoom = 64 << 10

// receive reads what follows a header, and returns the whole frame.
func (g *frameGuard) receive(h header) ([]byte, error) {
	frame := h.encode()
	for have := len(frame); have < int(h.length); have = len(frame) {
		room := min(int(h.length)-have, max(have, firstRoom))
		frame = slices.Grow(frame, room)[:have+room]
		if _, err := io.ReadFull(g.in, frame[have:]); err != nil {
			return nil, cut(err)
		}
	}
	return frame, nil
}

func (g *frameGuard) drop(h header) error {
	_, err := io.CopyN(io.Discard, g.in, int64(h.length-headerSize))
	return cut(err)
}

// awaits tells whether a reply is to a call that is waiting.
func (g *frameGuard) awaits(h header) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	procedure, ok := g.waiting[h.serial]
	return ok && h.program == programRemote && h.procedure == procedure
}

// answered takes a call from those that are waiting, once its reply is good.
func (g *frameGuard) answered(serial uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.waiting, serial)
}

// Write sends whole frames only: the library flushes large ones in pieces.
func (g *frameGuard) Write(p []byte) (int, error) {
	g.out = append(g.out, p...)
	for len(g.out) >= headerSize {
		n := binary.BigEndian.Uint32(g.out)
		if uint32(len(g.out)) < n {
			break
		}
		frame := g.out[:n]
		if err := g.expect(parseHeader((*[headerSize]byte)(frame))); err != nil {
			return 0, err
		}
		if err := g.send(frame); err != nil {
			g.fail(err)
			return 0, err
		}
		g.out = g.out[n:]
	}
	if len(g.out) == 0 {
		g.out = nil
	}
	return len(p), nil
}

// expect notes that a call is about to be sent; its reply may overtake the
// return of the write. A reply to a call that is not among ours could not be
// checked.
func (g *frameGuard) expect(h header) error {
	if _, ours := procedures[h.procedure]; h.program != programRemote || !ours {
		return fmt.Errorf("procedure %d of program %#x is not among our calls", h.procedure, h.program)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause != nil {
		return errNotSent
	}
	g.waiting[h.serial] = h.procedure
	return nil
}

func (g *frameGuard) send(frame []byte) error {
	g.writing.Lock()
	defer g.writing.Unlock()
	_, err := g.Conn.Write(frame)
	return err
}

// fail remembers the first cause and closes the connection, whatever of it
// still works: the other direction must not wait for what never comes. It does
// not wait for the end itself: ssh takes its time to end, and whoever fails may
// hold locks. Whoever owns the connection waits, for closed.
func (g *frameGuard) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cause != nil {
		return
	}
	g.cause = err
	go func() {
		_ = g.Conn.Close()
		close(g.closed)
	}()
}

// Cause is why the connection ended; nil while it lives.
func (g *frameGuard) Cause() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.cause
}

// kill ends the connection from this side. Whoever waits in the library is let
// go.
func (g *frameGuard) kill() { g.fail(net.ErrClosed) }

// Close is the library's way to end the connection, also when connecting
// failed.
func (g *frameGuard) Close() error {
	g.kill()
	g.settle()
	return nil
}

// settle says that the library has finished connecting.
func (g *frameGuard) settle() { g.settled.Do(func() { close(g.opened) }) }

// holdBack keeps the end of the connection from the library while it is
// connecting and waits for no reply: learning of it between the reply to
// ConnectOpen and its own bookkeeping, the library races with itself. It finds
// out by its next write, which fails.
func (g *frameGuard) holdBack() {
	g.mu.Lock()
	idle := len(g.waiting) == 0 && len(g.passing) == 0
	g.mu.Unlock()
	if idle {
		<-g.opened
	}
}

// cut turns the end of the stream inside a frame into what it is.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

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

// frameGuard passes only whole, checked frames from the peer to the client library,
// and only replies to calls that wait. The library allocates whatever a frame claims
// to hold, panics on a short one and locks up on an unexpected reply.
//
// The library reads from one goroutine and never writes concurrently.
type frameGuard struct {
	net.Conn

	// reader state, used by the library's reader goroutine only
	in     *bufio.Reader
	unread []byte // rest of a checked frame that the library has not read yet

	// out collects what the library writes until a frame is whole.
	out []byte

	writing sync.Mutex // one frame at a time: the reader answers pings

	mu      sync.Mutex
	waiting map[uint32]uint32 // procedure of each call without a reply, by serial
	cause   error             // why reading or writing ended

	closed chan struct{} // closed when nothing of the connection is left

	opened  chan struct{} // closed by settle
	settled sync.Once
	drained chan struct{} // closed when the library has read the end of the stream
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

// Read returns the rest of the current frame, or waits for the next one that is meant
// for the library. Every failure becomes io.EOF: the library retries for ever after a
// temporary error, such as that of TCP's keepalive.
func (g *frameGuard) Read(p []byte) (int, error) {
	if g.Cause() == nil {
		n, err := g.read(p)
		if err == nil {
			return n, nil
		}
		g.fail(err)
	}
	g.delayEOF()
	g.ended.Do(func() { close(g.drained) })
	return 0, io.EOF
}

func (g *frameGuard) read(p []byte) (int, error) {
	for len(g.unread) == 0 {
		if err := g.nextFrame(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.unread)
	g.unread = g.unread[n:]
	return n, nil
}

// nextFrame reads one frame. It passes a reply on if a call waits for it, answers a
// ping and drops an event: the library would decode events unchecked.
func (g *frameGuard) nextFrame() error {
	var raw [headerSize]byte
	if _, err := io.ReadFull(g.in, raw[:4]); err != nil {
		return err
	}
	if err := checkLength([4]byte(raw[:4])); err != nil {
		return err
	}
	if _, err := io.ReadFull(g.in, raw[4:]); err != nil {
		return unexpectedEOF(err)
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
	if h.status == statusError {
		keepDetails(frame[headerSize:])
	}
	g.unread = frame
	g.answered(h.serial)
	return nil
}

// initialBuffer is how many bytes are allocated on a frame's claim alone. After that
// the buffer at most doubles with what has really come.
const initialBuffer = 64 << 10

// receive reads what follows a header, and returns the whole frame.
func (g *frameGuard) receive(h header) ([]byte, error) {
	frame := h.encode()
	for have := len(frame); have < int(h.length); have = len(frame) {
		room := min(int(h.length)-have, max(have, initialBuffer))
		frame = slices.Grow(frame, room)[:have+room]
		if _, err := io.ReadFull(g.in, frame[have:]); err != nil {
			return nil, unexpectedEOF(err)
		}
	}
	return frame, nil
}

func (g *frameGuard) drop(h header) error {
	_, err := io.CopyN(io.Discard, g.in, int64(h.length-headerSize))
	return unexpectedEOF(err)
}

// awaits tells whether a call waits for the reply.
func (g *frameGuard) awaits(h header) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	procedure, ok := g.waiting[h.serial]
	return ok && h.program == programRemote && h.procedure == procedure
}

// answered removes a call from the waiting ones once its reply is checked.
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

// expect notes a call before it is sent: its reply may come before the write returns.
// It refuses a call whose reply could not be checked.
func (g *frameGuard) expect(h header) error {
	if _, ours := procedures[h.procedure]; h.program != programRemote || !ours {
		return fmt.Errorf("procedure %d of program %#x is not supported", h.procedure, h.program)
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

// fail keeps the first cause and closes both directions of the connection. It does not
// wait for the end, because ssh ends slowly and the caller may hold locks: the owner
// of the connection waits for closed.
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

// kill ends the connection from this side. Calls that wait in the library fail.
func (g *frameGuard) kill() { g.fail(net.ErrClosed) }

// Close ends the connection for the library, also after it failed to connect.
func (g *frameGuard) Close() error {
	g.kill()
	g.settle()
	return nil
}

// settle notes that the library has finished connecting.
func (g *frameGuard) settle() { g.settled.Do(func() { close(g.opened) }) }

// delayEOF hides the end of the connection from the library while it connects and
// waits for no reply: right after the reply to ConnectOpen it would race with itself.
// Its next write fails and tells it.
func (g *frameGuard) delayEOF() {
	g.mu.Lock()
	idle := len(g.waiting) == 0 && len(g.unread) == 0
	g.mu.Unlock()
	if idle {
		<-g.opened
	}
}

// unexpectedEOF marks the end of the stream inside a frame.
func unexpectedEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

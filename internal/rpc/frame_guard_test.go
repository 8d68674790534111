package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/rpc/rpctest"
)

// frame builds a whole frame.
func frame(h header, payload string) string {
	h.length = headerSize + uint32(len(payload))
	return string(h.encode()) + payload
}

// reply is an answer to a call whose reply holds nothing that is decoded.
func reply(serial uint32, payload string) string {
	return replyTo(rpctest.ProcAbortJob, serial, payload)
}

func replyTo(procedure, serial uint32, payload string) string {
	return frame(header{program: programRemote, version: protocolVersion, procedure: procedure, kind: typeReply, serial: serial}, payload)
}

func request(serial uint32) string {
	return frame(header{program: programRemote, version: protocolVersion, procedure: 157, serial: serial}, "")
}

// guardedBy starts a guard whose peer says what it is told to, says no more and
// then listens. What it heard comes when the guard was closed.
func guardedBy(t *testing.T, says string) (*frameGuard, <-chan []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	g := newFrameGuard(near)
	g.settle()
	t.Cleanup(func() { _ = g.Close() })
	heard := make(chan []byte, 1)
	go func() {
		defer far.Close()
		_, _ = io.WriteString(far, says)
		if tcp, ok := far.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		b, _ := io.ReadAll(far)
		heard <- b
	}()
	return g, heard
}

func TestGuardPassesRepliesThatAreWaitedFor(t *testing.T) {
	t.Parallel()
	ping := frame(header{program: programKeepalive, version: protocolVersion, procedure: procedurePing, kind: typeMessage}, "")
	event := frame(header{program: programRemote, version: protocolVersion, procedure: 318, kind: typeMessage}, strings.Repeat("event", 1000))
	tests := map[string]struct {
		says, passed string
	}{
		"reply":                 {reply(1, "payload"), reply(1, "payload")},
		"empty reply":           {reply(1, ""), reply(1, "")},
		"two replies":           {reply(2, "b") + reply(1, "a"), reply(2, "b") + reply(1, "a")},
		"ping before a reply":   {ping + reply(1, "a"), reply(1, "a")},
		"event before a reply":  {event + reply(1, "a"), reply(1, "a")},
		"payload of a megabyte": {reply(1, strings.Repeat("x", 1<<20)), reply(1, strings.Repeat("x", 1<<20))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := guardedBy(t, test.says)
			expect(t, g, 1, 2)
			got, err := io.ReadAll(g)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.passed {
				t.Errorf("passed %d bytes %.60q, want %d bytes %.60q", len(got), got, len(test.passed), test.passed)
			}
		})
	}
}

func expect(t *testing.T, g *frameGuard, serials ...uint32) {
	t.Helper()
	for _, s := range serials {
		if err := g.expect(header{program: programRemote, procedure: rpctest.ProcAbortJob, serial: s}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGuardRefusesWhatIsNotLibvirt(t *testing.T) {
	t.Parallel()
	reframed := func(change func(*header)) string {
		h := header{length: headerSize, program: programRemote, version: protocolVersion, procedure: rpctest.ProcAbortJob, kind: typeReply, serial: 1}
		change(&h)
		return string(h.encode())
	}
	tests := map[string]struct {
		says, cause string
	}{
		"HTTP":               {"HTTP/1.1 400 Bad Request\r\n\r\n", `bad frame length ("HTTP")`},
		"SSH":                {"SSH-2.0-OpenSSH_9.2p1\r\n", `bad frame length ("SSH-")`},
		"gigabyte":           {reframed(func(h *header) { h.length = 1 << 30 }), "bad frame length"},
		"just above the max": {reframed(func(h *header) { h.length = maxFrame + 1 }), "bad frame length"},
		"too short":          {reframed(func(h *header) { h.length = headerSize - 1 }), "bad frame length"},
		"no length":          {reframed(func(h *header) { h.length = 0 }), "bad frame length"},
		"program":            {reframed(func(h *header) { h.program = 0xdeadbeef }), "unknown program 0xdeadbeef"},
		"version":            {reframed(func(h *header) { h.version = 2 }), "unknown protocol version 2"},
		"stream":             {reframed(func(h *header) { h.kind = 3 }), "unexpected message type 3"},
		"call":               {reframed(func(h *header) { h.kind = 0 }), "unexpected message type 0"},
		"event as a reply":   {reframed(func(h *header) { h.procedure = 318 }), "reply to a call that was not made"},
		"other program":      {reframed(func(h *header) { h.program = programQEMU }), "reply to a call that was not made"},
		"status":             {reframed(func(h *header) { h.status = 2 }), "unknown reply status 2"},
		"reply unasked for":  {reply(7, ""), "reply to a call that was not made (serial 7)"},
		"reply twice":        {reply(1, "") + reply(1, ""), "reply to a call that was not made (serial 1)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, _ := guardedBy(t, test.says)
			expect(t, g, 1)
			if _, err := io.ReadAll(g); err != nil {
				t.Errorf("the library is told of %v, want the plain end", err)
			}
			var protocol *ProtocolError
			if cause := g.Cause(); !errors.As(cause, &protocol) || !strings.Contains(cause.Error(), test.cause) {
				t.Errorf("cause is %v, want %q", cause, test.cause)
			}
			if _, err := g.Write([]byte(request(9))); !errors.Is(err, errNotSent) {
				t.Errorf("writing afterwards: %v, want %v", err, errNotSent)
			}
		})
	}
}

func TestGuardKnowsACutFrame(t *testing.T) {
	t.Parallel()
	whole := reply(1, "0123456789")
	for cutAt := 1; cutAt < len(whole); cutAt++ {
		g, _ := guardedBy(t, whole[:cutAt])
		expect(t, g, 1)
		if got, _ := io.ReadAll(g); len(got) > 0 {
			t.Fatalf("cut at %d: passed %q", cutAt, got)
		}
		if !errors.Is(g.Cause(), io.ErrUnexpectedEOF) {
			t.Errorf("cut at %d: cause is %v, want %v", cutAt, g.Cause(), io.ErrUnexpectedEOF)
		}
	}
}

func TestGuardAnswersAPing(t *testing.T) {
	t.Parallel()
	g, heard := guardedBy(t, frame(header{program: programKeepalive, version: protocolVersion, procedure: procedurePing, kind: typeMessage}, ""))
	if _, err := io.ReadAll(g); err != nil {
		t.Fatal(err)
	}
	want := frame(header{program: programKeepalive, version: protocolVersion, procedure: procedurePong, kind: typeMessage}, "")
	if got := <-heard; string(got) != want {
		t.Errorf("answered %q, want %q", got, want)
	}
}

func TestGuardSendsWholeFramesOnly(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	g := newFrameGuard(near)
	g.settle()
	defer g.Close()
	wanted := frame(header{program: programRemote, version: protocolVersion, procedure: rpctest.ProcLibVersion, serial: 5}, strings.Repeat("p", 5000)) + request(6)
	got := make(chan string, 1)
	go func() {
		var all strings.Builder
		b := make([]byte, 1<<16)
		for all.Len() < len(wanted) {
			n, err := far.Read(b)
			if err != nil {
				break
			}
			piece := b[:n]
			if binary.BigEndian.Uint32(piece) != uint32(n) {
				t.Errorf("a piece of %d bytes is not one whole frame", n)
			}
			all.Write(piece)
		}
		got <- all.String()
	}()
	for _, piece := range []string{wanted[:3], wanted[3:100], wanted[100:5030], wanted[5030:]} {
		if n, err := io.WriteString(g, piece); err != nil || n != len(piece) {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	if sent := <-got; sent != wanted {
		t.Errorf("sent %d bytes, want %d", len(sent), len(wanted))
	}
	for _, serial := range []uint32{5, 6} {
		if !g.awaits(header{program: programRemote, procedure: rpctest.ProcLibVersion, serial: serial}) {
			t.Errorf("call %d was sent and is not waited for", serial)
		}
	}
}

// While the library connects and waits for nothing, the end of the connection
// is kept from it; its next write tells it.
func TestGuardHoldsTheEndBackWhileConnecting(t *testing.T) {
	t.Parallel()
	near, far := net.Pipe()
	g := newFrameGuard(near)
	told := make(chan struct{})
	go func() {
		_, _ = io.ReadAll(g)
		close(told)
	}()
	_ = far.Close()
	eventually(t, "the end is seen", func() bool { return g.Cause() != nil })
	select {
	case <-told:
		t.Fatal("the end was passed on while connecting")
	default:
	}
	if _, err := io.WriteString(g, request(1)); !errors.Is(err, errNotSent) {
		t.Errorf("write: %v, want %v", err, errNotSent)
	}
	g.settle()
	<-told
}

// A call that waits is told of the end, also while the library connects and also
// if it was a reply to that very call that was bad.
func TestGuardTellsWhoWaitsOfABadReply(t *testing.T) {
	t.Parallel()
	whole := replyTo(rpctest.ProcXMLDesc, 1, string(appendText(nil, "<domain/>")))
	for name, says := range map[string]string{
		"cut header":         whole[:headerSize-1],
		"header alone":       whole[:headerSize],
		"cut payload":        whole[:len(whole)-1],
		"overstated":         replyTo(rpctest.ProcXMLDesc, 1, "\x00\x00\x00\x05abcd"),
		"to another call":    replyTo(rpctest.ProcAbortJob, 1, ""),
		"of another program": frame(header{program: programQEMU, version: protocolVersion, procedure: rpctest.ProcXMLDesc, kind: typeReply, serial: 1}, ""),
	} {
		g := newFrameGuard(silent{strings.NewReader(says)})
		if err := g.expect(header{program: programRemote, procedure: rpctest.ProcXMLDesc, serial: 1}); err != nil {
			t.Fatal(err)
		}
		told := make(chan struct{})
		go func() {
			defer close(told)
			_, _ = io.ReadAll(g)
		}()
		select {
		case <-told:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the call waits for ever", name)
			g.settle()
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add([]byte(reply(1, "payload")), uint8(3))
	f.Add([]byte(reply(1, "")+reply(2, "x")), uint8(1))
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"), uint8(9))
	f.Add([]byte(frame(header{program: programKeepalive, version: 1, procedure: procedurePing, kind: typeMessage}, "")), uint8(28))
	f.Add([]byte(frame(header{program: programQEMU, version: 1, procedure: 6, kind: typeMessage}, "event")+reply(3, "z")), uint8(200))
	f.Fuzz(func(t *testing.T, says []byte, size uint8) {
		g := newFrameGuard(silent{bytes.NewReader(says)})
		g.settle()
		for serial := range uint32(8) {
			expect(t, g, serial)
		}
		var passed []byte
		b := make([]byte, int(size)+1)
		for {
			n, err := g.Read(b)
			passed = append(passed, b[:n]...)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("the library is told of %v", err)
			}
		}
		if len(passed) > len(says) {
			t.Fatalf("%d bytes came of %d", len(passed), len(says))
		}
		checkPassed(t, passed)
	})
}

// checkPassed verifies that the library was given whole replies, each to a call
// that waited.
func checkPassed(t *testing.T, passed []byte) {
	t.Helper()
	seen := map[uint32]bool{}
	for len(passed) > 0 {
		if len(passed) < headerSize {
			t.Fatalf("passed %d bytes of a header", len(passed))
		}
		h := parseHeader((*[headerSize]byte)(passed))
		if h.length < headerSize || int(h.length) > len(passed) || h.kind != typeReply || h.procedure != rpctest.ProcAbortJob || h.serial >= 8 || seen[h.serial] {
			t.Fatalf("passed %+v", h)
		}
		seen[h.serial] = true
		passed = passed[h.length:]
	}
}

// silent is a connection on which the peer has said all it will.
type silent struct{ io.Reader }

func (silent) Write(p []byte) (int, error)      { return len(p), nil }
func (silent) Close() error                     { return nil }
func (silent) LocalAddr() net.Addr              { return nil }
func (silent) RemoteAddr() net.Addr             { return nil }
func (silent) SetDeadline(time.Time) error      { return nil }
func (silent) SetReadDeadline(time.Time) error  { return nil }
func (silent) SetWriteDeadline(time.Time) error { return nil }

package host

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/digitalocean/go-libvirt"
)

// Procedures of libvirt's remote protocol (remote_protocol.x).
const (
	procCapabilities = 7
	procXMLDesc      = 14
	procInfo         = 16
	procLookupName   = 23
	procLookup       = 24
	procFeature      = 60
	procAuthList     = 66
	procPersistent   = 151
	procLibVersion   = 157
	procAbortJob     = 164
	procState        = 212
	procMemoryStats  = 228
	procJobStats     = 298
	procPrepare      = 303
	procPerform      = 305
)

// scripted is a daemon that answers what it is let answer.
type scripted struct {
	net.Conn
	// held are calls that are not answered before release is closed.
	held    map[uint32]bool
	release chan struct{}
	// reply is what a reply holds, payload unless set.
	reply func(procedure uint32) (status uint32, payload string)

	mu     sync.Mutex
	served map[uint32]int // calls that came, by procedure
}

// newScripted starts a daemon and opens a connection to it.
func newScripted(t *testing.T, held ...uint32) (*scripted, *conn) {
	t.Helper()
	return newScriptedBehind(t, func(near net.Conn) net.Conn { return near }, held...)
}

// newScriptedBehind is newScripted, with something around our end of the stream.
func newScriptedBehind(t *testing.T, around func(net.Conn) net.Conn, held ...uint32) (*scripted, *conn) {
	t.Helper()
	d, near := startScripted(t, held...)
	c, err := open(t.Context(), around(near), "qemu:///system", 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(context.WithoutCancel(t.Context()), 5*time.Second); err != nil {
			t.Error(err)
		}
	})
	return d, c
}

// startScripted starts a daemon; near is the stream to it.
func startScripted(t *testing.T, held ...uint32) (d *scripted, near net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	d = &scripted{Conn: far, held: map[uint32]bool{}, release: make(chan struct{}), served: map[uint32]int{}}
	for _, procedure := range held {
		d.held[procedure] = true
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.serve()
	}()
	t.Cleanup(func() {
		_ = far.Close()
		<-ended
	})
	return d, near
}

func (d *scripted) serve() {
	var answers sync.WaitGroup
	defer answers.Wait()
	var writing sync.Mutex
	for {
		h, err := d.receive()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.served[h.procedure]++
		d.mu.Unlock()
		answers.Go(func() {
			if d.held[h.procedure] {
				<-d.release
			}
			writing.Lock()
			defer writing.Unlock()
			_, _ = io.WriteString(d.Conn, d.answer(h))
		})
	}
}

// receive waits for the next call.
func (d *scripted) receive() (header, error) {
	var raw [headerSize]byte
	if _, err := io.ReadFull(d.Conn, raw[:]); err != nil {
		return header{}, err
	}
	h := parseHeader(&raw)
	_, err := io.CopyN(io.Discard, d.Conn, int64(h.length)-headerSize)
	return h, err
}

// answer is the frame that answers a call.
func (d *scripted) answer(call header) string {
	h := header{program: programRemote, version: protocolVersion, procedure: call.procedure, kind: typeReply, serial: call.serial}
	said := payload(call.procedure)
	if d.reply != nil {
		h.status, said = d.reply(call.procedure)
	}
	return frame(h, said)
}

// calls is how many calls of a procedure have come.
func (d *scripted) calls(procedure uint32) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.served[procedure]
}

// total is how many calls have come.
func (d *scripted) total() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	total := 0
	for _, served := range d.served {
		total += served
	}
	return total
}

// payload is what a reply holds, in XDR.
func payload(procedure uint32) string {
	switch procedure {
	case procAuthList:
		return string(binary.BigEndian.AppendUint32(nil, 0)) // no kinds of authentication
	case procLibVersion:
		return string(binary.BigEndian.AppendUint64(nil, 11003000))
	case procFeature:
		return string(make([]byte, 4)) // no
	case procJobStats:
		return string(make([]byte, 8)) // type 0, no parameters
	}
	return ""
}

func version(lv *libvirt.Libvirt) error {
	_, err := lv.ConnectGetLibVersion()
	return err
}

func jobStats(lv *libvirt.Libvirt) error {
	_, _, err := lv.DomainGetJobStats(libvirt.Domain{}, 0)
	return err
}

func abort(lv *libvirt.Libvirt) error { return lv.DomainAbortJob(libvirt.Domain{}) }

// eventually polls until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !Poll(10*time.Second, so) {
		t.Fatalf("%s: not within 10 s", what)
	}
}

// Calls that wait leave room for the one that ends the waiting.
func TestAbortPassesWaitingCalls(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		class  class
		places int
	}{
		"for a domain":             {patient, patientPlaces},
		"for a daemon behind this": {quick, sharedPlaces},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, c := newScripted(t, procJobStats)
			var waiting sync.WaitGroup
			for range 10 {
				waiting.Go(func() {
					if err := c.call(t.Context(), time.Minute, test.class, jobStats); err != nil {
						t.Error(err)
					}
				})
			}
			eventually(t, "calls sent", func() bool { return d.calls(procJobStats) == test.places })
			if err := c.call(t.Context(), 5*time.Second, urgent, abort); err != nil {
				t.Errorf("abort: %v", err)
			}
			if n := d.calls(procJobStats); n != test.places {
				t.Errorf("%d calls keep the daemon busy, want %d", n, test.places)
			}
			close(d.release)
			waiting.Wait()
			if n := d.calls(procJobStats); n != 10 {
				t.Errorf("%d calls were made, want 10", n)
			}
		})
	}
}

// Calls that wait for a domain leave room for one that waits for none.
func TestQuickCallPassesThoseThatWaitForADomain(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procJobStats)
	var waiting sync.WaitGroup
	for range 10 {
		waiting.Go(func() {
			if err := c.call(t.Context(), time.Minute, patient, jobStats); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "calls sent", func() bool { return d.calls(procJobStats) == patientPlaces })
	if err := c.call(t.Context(), 5*time.Second, quick, abort); err != nil {
		t.Errorf("quick call: %v", err)
	}
	close(d.release)
	waiting.Wait()
}

// Writes that wait for domains leave places for those who watch.
func TestWritesLeavePlacesForReads(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procAbortJob)
	var waiting sync.WaitGroup
	for range 5 {
		waiting.Go(func() {
			if err := c.call(t.Context(), time.Minute, writing, abort); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "writes sent", func() bool { return d.calls(procAbortJob) == writePlaces })
	if err := c.call(t.Context(), 5*time.Second, patient, jobStats); err != nil {
		t.Errorf("statistics: %v", err)
	}
	close(d.release)
	waiting.Wait()
}

// A call that is left by its caller goes on, and disturbs nobody.
func TestCancelledCallLeavesTheConnection(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procJobStats)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- c.call(ctx, time.Minute, patient, jobStats) }()
	eventually(t, "call sent", func() bool { return d.calls(procJobStats) == 1 })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if !c.usable() {
		t.Error("the connection was given up")
	}
	if err := c.call(t.Context(), 5*time.Second, quick, version); err != nil {
		t.Error(err)
	}
	close(d.release)
	eventually(t, "call ended", c.idle)
}

// A call that is not answered by its deadline retires the connection, which
// serves those who still wait on it and then closes.
func TestLateCallRetiresTheConnection(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procJobStats, procAbortJob)
	other := make(chan error, 1)
	go func() { other <- c.call(t.Context(), time.Minute, urgent, abort) }()
	eventually(t, "other call sent", func() bool { return d.calls(procAbortJob) == 1 })
	err := c.call(t.Context(), 50*time.Millisecond, patient, jobStats)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if c.usable() {
		t.Error("the connection is still used")
	}
	if cause := c.guard.Cause(); cause != nil {
		t.Errorf("the connection was closed under the other call: %v", cause)
	}
	close(d.release)
	if err := <-other; err != nil {
		t.Errorf("the other call: %v", err)
	}
	eventually(t, "connection closed", func() bool { return c.guard.Cause() != nil })
}

// Whoever leaves before, a call that never ends closes the connection at its
// deadline.
func TestAbandonedCallEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procJobStats)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- c.call(ctx, 300*time.Millisecond, patient, jobStats) }()
	eventually(t, "call sent", func() bool { return d.calls(procJobStats) == 1 })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	eventually(t, "connection ended", c.ended)
	close(d.release)
}

func TestLostConnectionSaysWhetherTheCallWasSent(t *testing.T) {
	t.Parallel()
	d, c := newScripted(t, procAbortJob)
	lost := make(chan error, 1)
	go func() { lost <- c.call(t.Context(), time.Minute, urgent, abort) }()
	eventually(t, "call sent", func() bool { return d.calls(procAbortJob) == 1 })
	_ = d.Conn.Close()
	close(d.release)
	var e *lostError
	if err := <-lost; !errors.As(err, &e) || e.unsent {
		t.Errorf("got %v, want a call that was sent and lost", err)
	}
	if err := c.call(t.Context(), time.Minute, urgent, abort); !errors.As(err, &e) || !e.unsent {
		t.Errorf("got %v, want a call that was not sent", err)
	}
}

// clinging is a stream that takes its time to close.
type clinging struct {
	net.Conn
	release chan struct{}
}

func (c *clinging) Close() error {
	<-c.release
	return c.Conn.Close()
}

// A stream that does not close keeps nobody waiting but its owner, and that one
// no longer than it wants.
func TestStreamThatDoesNotClose(t *testing.T) {
	t.Parallel()
	stream := &clinging{release: make(chan struct{})}
	d, c := newScriptedBehind(t, func(near net.Conn) net.Conn { stream.Conn = near; return stream }, procJobStats)
	started := time.Now()
	if err := c.call(t.Context(), 100*time.Millisecond, patient, jobStats); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	var lost *lostError
	if err := c.call(t.Context(), time.Minute, quick, version); !errors.As(err, &lost) || !lost.unsent {
		t.Errorf("got %v, want a call that was not sent", err)
	}
	if err := c.close(t.Context(), 100*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(started); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	if c.ended() {
		t.Error("its stream is there, and it has ended")
	}
	close(stream.release)
	eventually(t, "connection ended", c.ended)
	close(d.release)
}

// A panic of the library's decoder ends the connection and nothing else.
func TestMalformedReplyIsAnError(t *testing.T) {
	t.Parallel()
	_, c := newScripted(t)
	err := c.call(t.Context(), 5*time.Second, quick, func(*libvirt.Libvirt) error { panic("makeslice: len out of range") })
	var e *protocolError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want a protocol error", err)
	}
	if c.usable() {
		t.Error("the connection is still used")
	}
}

// Package rpctest has a daemon of libvirt's protocol that answers what a test tells
// it to, for what no real daemon does. It encodes by itself and does not import
// package rpc, whose encoding it checks.
package rpctest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Procedures of libvirt's remote protocol (remote_protocol.x).
const (
	ProcCapabilities = 7
	ProcXMLDesc      = 14
	ProcInfo         = 16
	ProcLookupByName = 23
	ProcLookupByUUID = 24
	ProcFeature      = 60
	ProcAuthList     = 66
	ProcPersistent   = 151
	ProcLibVersion   = 157
	ProcAbortJob     = 164
	ProcState        = 212
	ProcMemoryStats  = 228
	ProcJobStats     = 298
	ProcPrepare      = 303
	ProcPerform      = 305
)

// Statuses of a reply.
const (
	StatusOK    = 0
	StatusError = 1
)

const (
	headerSize      = 28
	programRemote   = 0x20008086
	protocolVersion = 1
	typeReply       = 1
)

// Daemon answers every call, the held ones once Release is closed.
type Daemon struct {
	net.Conn
	// Release makes the daemon answer the held calls when it is closed.
	Release chan struct{}
	// Reply is what a reply holds, [Payload] unless set. Set it before the first
	// call.
	Reply func(procedure uint32) (status uint32, payload []byte)

	held map[uint32]bool

	mu     sync.Mutex
	served map[uint32]int // calls that came, by procedure
}

// Start starts a daemon that ends with the test. near is the stream to it; held are
// the procedures that are not answered before Release is closed.
func Start(t testing.TB, held ...uint32) (d *Daemon, near net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	d = &Daemon{Conn: far, held: map[uint32]bool{}, Release: make(chan struct{}), served: map[uint32]int{}}
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

func (d *Daemon) serve() {
	var answers sync.WaitGroup
	defer answers.Wait()
	var writing sync.Mutex
	for {
		procedure, serial, err := d.receive()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.served[procedure]++
		d.mu.Unlock()
		answers.Go(func() {
			if d.held[procedure] {
				<-d.Release
			}
			writing.Lock()
			defer writing.Unlock()
			_, _ = d.Write(d.answer(procedure, serial))
		})
	}
}

// receive waits for the next call.
func (d *Daemon) receive() (procedure, serial uint32, err error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(d.Conn, header[:]); err != nil {
		return 0, 0, err
	}
	word := func(i int) uint32 { return binary.BigEndian.Uint32(header[4*i:]) }
	_, err = io.CopyN(io.Discard, d.Conn, int64(word(0))-headerSize)
	return word(3), word(5), err
}

// answer is the frame that answers a call.
func (d *Daemon) answer(procedure, serial uint32) []byte {
	status, payload := uint32(StatusOK), Payload(procedure)
	if d.Reply != nil {
		status, payload = d.Reply(procedure)
	}
	header := Words(headerSize+uint32(len(payload)), programRemote, protocolVersion, procedure, typeReply, serial, status)
	return append(header, payload...)
}

// Calls is how many calls of a procedure have come.
func (d *Daemon) Calls(procedure uint32) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.served[procedure]
}

// Total is how many calls have come.
func (d *Daemon) Total() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	total := 0
	for _, served := range d.served {
		total += served
	}
	return total
}

// Payload is the default reply to a procedure.
func Payload(procedure uint32) []byte {
	switch procedure {
	case ProcAuthList:
		return Words(0) // no kinds of authentication
	case ProcLibVersion:
		return binary.BigEndian.AppendUint64(nil, 11003000)
	case ProcFeature:
		return Words(0) // no
	case ProcJobStats:
		return Words(0, 0) // no job, no parameters
	}
	return nil
}

// Words are words in XDR (RFC 4506).
func Words(all ...uint32) []byte {
	var b []byte
	for _, word := range all {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	return b
}

// Text is a text in XDR.
func Text(text string) []byte {
	b := append(Words(uint32(len(text))), text...)
	return append(b, make([]byte, -uint(len(text))%4)...)
}

// Poll waits until so is true, for at most within, and tells whether it is.
func Poll(within time.Duration, so func() bool) bool {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(within)
	for !so() {
		select {
		case <-ticker.C:
		case <-late:
			return so()
		}
	}
	return true
}

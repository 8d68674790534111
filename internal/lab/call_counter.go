package lab

import (
	"encoding/binary"
	"sync"
	"time"
)

// The parts of libvirt's RPC protocol (virnetprotocol.x) that tell a call: a frame is its length, which counts itself,
// five words that begin with the program and have the kind as the fourth, and the rest.
const (
	lengthWord, programWord, procedureWord, kindWord = 0, 1, 3, 4

	callHeaderSize = 28
	kindCall       = 0
	keepalive      = 0x6b656570
)

// aboutHost are calls about a host and not about a VM: virConnectGetVersion, virConnectGetHostname,
// virConnectGetLibVersion.
var aboutHost = []uint32{4, 59, 157}

// CallCounter counts the calls that clients send to hosts through proxies; keepalives are none. The zero value is ready
// for use.
type CallCounter struct {
	mu    sync.Mutex
	calls int
	// byProcedure are the calls, by libvirt's number of the procedure.
	byProcedure map[uint32]int
	// awaited gets the moment of the next call of a procedure.
	awaited map[uint32]chan time.Time
}

// callStream is what one client sends: written to, it counts.
type callStream struct {
	counter *CallCounter
	header  []byte // of the frame under way, as far as it has come
	left    int    // of the frame after its header
}

func (s *callStream) Write(sent []byte) (int, error) {
	for rest := sent; len(rest) > 0; {
		if s.left > 0 {
			skipped := min(s.left, len(rest))
			s.left, rest = s.left-skipped, rest[skipped:]
			continue
		}
		taken := min(callHeaderSize-len(s.header), len(rest))
		s.header, rest = append(s.header, rest[:taken]...), rest[taken:]
		if len(s.header) == callHeaderSize {
			s.counter.count(s.header)
			s.left, s.header = int(s.frameWord(lengthWord))-callHeaderSize, s.header[:0]
		}
	}
	return len(sent), nil
}

func (s *callStream) frameWord(number int) uint32 { return frameWord(s.header, number) }

func frameWord(header []byte, number int) uint32 { return binary.BigEndian.Uint32(header[4*number:]) }

func (c *CallCounter) count(header []byte) {
	if frameWord(header, kindWord) != kindCall || frameWord(header, programWord) == keepalive {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.byProcedure == nil {
		c.byProcedure = map[uint32]int{}
	}
	procedure := frameWord(header, procedureWord)
	c.byProcedure[procedure]++
	if came, ok := c.awaited[procedure]; ok {
		came <- time.Now()
		delete(c.awaited, procedure)
	}
}

// Take returns the number of calls since it was last asked.
func (c *CallCounter) Take() (calls int, byProcedure map[uint32]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls, byProcedure = c.calls, c.byProcedure
	c.calls, c.byProcedure = 0, nil
	return calls, byProcedure
}

// TakeAboutVMs is Take without the calls about a host, which are made once.
func (c *CallCounter) TakeAboutVMs() int {
	calls, byProcedure := c.Take()
	for _, procedure := range aboutHost {
		calls -= byProcedure[procedure]
	}
	return calls
}

// Await returns a channel that gets the moment of the next call of a procedure.
func (c *CallCounter) Await(procedure uint32) <-chan time.Time {
	came := make(chan time.Time, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited = map[uint32]chan time.Time{procedure: came}
	return came
}

package bench

import (
	"encoding/binary"
	"sync"
	"time"
)

// The parts of libvirt's RPC protocol (virnetprotocol.x) that tell a call: a frame is its length, which counts itself,
// five words that begin with the program and have the kind as the fourth, and the rest.
const (
	lengthWord, programWord, procedureWord, kindWord = 0, 1, 3, 4

	headerSize = 28
	kindCall   = 0
	keepalive  = 0x6b656570
)

// callCounter counts the calls that a client sends; keepalives are none.
type callCounter struct {
	mu    sync.Mutex
	calls int
	// byProcedure are the calls, by libvirt's number of the procedure.
	byProcedure map[uint32]int
	// awaited gets the moment of the next call of a procedure.
	awaited map[uint32]chan time.Time
}

// stream is what one client sends: written to, it counts.
type stream struct {
	counter *callCounter
	header  []byte // of the frame under way, as far as it has come
	left    int    // of the frame after its header
}

func (s *stream) Write(sent []byte) (int, error) {
	for rest := sent; len(rest) > 0; {
		if s.left > 0 {
			skipped := min(s.left, len(rest))
			s.left, rest = s.left-skipped, rest[skipped:]
			continue
		}
		taken := min(headerSize-len(s.header), len(rest))
		s.header, rest = append(s.header, rest[:taken]...), rest[taken:]
		if len(s.header) == headerSize {
			s.counter.count(s.header)
			s.left, s.header = int(s.word(lengthWord))-headerSize, s.header[:0]
		}
	}
	return len(sent), nil
}

func (s *stream) word(number int) uint32 { return word(s.header, number) }

func word(header []byte, number int) uint32 { return binary.BigEndian.Uint32(header[4*number:]) }

func (c *callCounter) count(header []byte) {
	if word(header, kindWord) != kindCall || word(header, programWord) == keepalive {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.byProcedure == nil {
		c.byProcedure = map[uint32]int{}
	}
	procedure := word(header, procedureWord)
	c.byProcedure[procedure]++
	if came, ok := c.awaited[procedure]; ok {
		came <- time.Now()
		delete(c.awaited, procedure)
	}
}

// take returns the number of calls since it was last asked.
func (c *callCounter) take() (calls int, byProcedure map[uint32]int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls, byProcedure = c.calls, c.byProcedure
	c.calls, c.byProcedure = 0, nil
	return calls, byProcedure
}

// await returns a channel that gets the moment of the next call of a procedure.
func (c *callCounter) await(procedure uint32) <-chan time.Time {
	came := make(chan time.Time, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.awaited = map[uint32]chan time.Time{procedure: came}
	return came
}

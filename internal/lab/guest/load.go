package main

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

const pageSize = 4096

// load is what the guest does to its memory. Exactly one of cost and rate paces it.
type load struct {
	hotBytes   int
	cost       int64  // nanoseconds of CPU burnt before each page is touched: a throttled vCPU dirties less
	rate       int64  // bytes per second on average, kept by the clock: after a throttle it catches up
	wholePages bool   // touch a page by rewriting it with random bytes, not by changing one of its bytes
	random     uint64 // state of the generator
}

// parseLoad reads the load from a kernel command line. Words that are not of the lab are the kernel's.
func parseLoad(commandLine string) (*load, error) {
	l := &load{random: 0x9E3779B97F4A7C15}
	for word := range strings.FieldsSeq(commandLine) {
		key, value, _ := strings.Cut(word, "=")
		name, ours := strings.CutPrefix(key, "lab.")
		if !ours {
			continue
		}
		if name == "pattern" {
			l.wholePages = value == "page"
			continue
		}
		number, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		switch name {
		case "hot":
			l.hotBytes = int(number)
		case "cost":
			l.cost = number
		case "rate":
			l.rate = number
		default:
			return nil, fmt.Errorf("unknown parameter %s", word)
		}
	}
	return l, nil
}

// dirty fills the memory with data that does not compress, says that the guest is ready, and touches page after page.
func (l *load) dirty(memory []byte, touched *atomic.Uint64) {
	runtime.LockOSThread()
	l.fill(memory)
	wait, pages := l.pace()
	touch := touchBytes
	if l.wholePages {
		touch = l.fill
	}
	fmt.Println("ready")
	for {
		for batch := range slices.Chunk(memory, pages*pageSize) {
			wait(touched.Load())
			touch(batch)
			touched.Add(uint64(len(batch) / pageSize))
		}
	}
}

// pace returns what to do before pages are touched, given the number of pages touched so far, and how many pages to
// touch after each.
func (l *load) pace() (wait func(touched uint64), pages int) {
	if l.rate == 0 {
		turns := uint64(float64(l.cost) * turnsPerNanosecond())
		return func(uint64) { burn(turns) }, 1
	}
	// Looking at the clock costs more than touching a page, and would slow the catching up.
	start := monotonic()
	return func(touched uint64) {
		sleepUntil(start + int64(float64(touched)*pageSize/float64(l.rate)*1e9))
	}, 512
}

// touchBytes changes one byte of every page.
func touchBytes(pages []byte) {
	for byte := 0; byte < len(pages); byte += pageSize {
		pages[byte]++
	}
}

// turnsPerNanosecond measures how fast this CPU burns. The fastest of several samples counts: the others were
// disturbed by whatever else the machine did.
func turnsPerNanosecond() float64 {
	const turns = 200_000
	best := int64(1 << 62)
	for range 20 {
		start := monotonic()
		burn(turns)
		best = min(best, monotonic()-start)
	}
	return turns / float64(max(best, 1))
}

var sink uint64

func burn(turns uint64) {
	state := sink | 1
	for range turns {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
	}
	sink = state
}

// fill rewrites pages with random bytes.
func (l *load) fill(pages []byte) {
	for word := 0; word < len(pages); word += 8 {
		l.random ^= l.random << 13
		l.random ^= l.random >> 7
		l.random ^= l.random << 17
		binary.LittleEndian.PutUint64(pages[word:], l.random)
	}
}

//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
)

const (
	pageSize   = 4096
	batchPages = 64
)

// load is what the guest does to its memory.
type load struct {
	hotBytes   int
	cost       int64  // nanoseconds of CPU burnt before each page is touched: a throttled vCPU dirties less
	ceiling    int64  // bytes per second that are never exceeded, 0 for none: what a throttle takes is lost
	mean       int64  // bytes per second kept on average, 0 for none: after a throttle it catches up
	wholePages bool   // touch a page by rewriting it with random bytes, not by changing one of its bytes
	rest       rest   // when it touches less
	sleepAfter int64  // nanoseconds from ready to the guest's going to sleep, 0 for never
	obeys      bool   // turns itself off at the power button
	writer     writer // what it writes to its disk
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
		case "ceiling":
			l.ceiling = number
		case "mean":
			l.mean = number
		case "rest":
			l.rest.bytes = int(number)
		case "work-for":
			l.rest.workFor = number
		case "rest-for":
			l.rest.restFor = number
		case "sectors":
			l.writer.sectors = uint64(number)
		case "pause":
			l.writer.pause = number
		case "sleep":
			l.sleepAfter = number
		case "obeys":
			l.obeys = number != 0
		default:
			return nil, fmt.Errorf("unknown parameter %s", word)
		}
	}
	return l, nil
}

// isReady is true once the guest is ready. The heartbeat repeats it: what the firmware or the kernel prints may share a
// line of the console with anything.
var isReady atomic.Bool

// ready says that the guest is ready, from when on the time to its sleep counts.
func (l *load) ready() {
	fmt.Println("\nready")
	isReady.Store(true)
	if l.sleepAfter > 0 {
		go sleep(l.sleepAfter)
	}
}

// dirty fills the memory with data that does not compress, says that the guest is ready, and touches page after page.
func (l *load) dirty(memory []byte, touched *atomic.Uint64) {
	runtime.LockOSThread()
	l.fill(memory)
	turns := uint64(float64(l.cost) * turnsPerNanosecond())
	wait := l.pace()
	touch := touchBytes
	if l.wholePages {
		touch = l.fill
	}
	l.ready()
	began := monotonic()
	for first := 0; ; {
		// Looking at the clock for each page would cost more than touching it.
		wait()
		extent := l.rest.extent(len(memory), monotonic()-began)
		if first >= extent {
			first = 0
		}
		batch := memory[first:min(first+batchPages*pageSize, extent)]
		pages := uint64(len(batch) / pageSize)
		burn(turns * pages)
		touch(batch)
		touched.Add(pages)
		first += len(batch)
	}
}

// rest is a load that is now large, now small. The zero value is one that never rests.
type rest struct {
	bytes            int   // how much it touches while it rests
	workFor, restFor int64 // nanoseconds that it works and rests, in turn
}

// extent is how much of the memory is touched so long after the start, in nanoseconds.
func (r rest) extent(all int, after int64) int {
	if r.restFor == 0 || after%(r.workFor+r.restFor) < r.workFor {
		return all
	}
	return min(all, r.bytes)
}

// pace returns what to call before each batch of pages, to keep to the ceiling or the mean.
func (l *load) pace() func() {
	rate, debt := l.ceiling, int64(20e6) // What a sleep that takes too long cost is made up for, and no more.
	if l.mean > 0 {
		rate, debt = l.mean, math.MaxInt64
	}
	if rate == 0 {
		return func() {}
	}
	due := monotonic()
	period := int64(batchPages) * pageSize * 1e9 / rate
	return func() {
		sleepUntil(due)
		if late := monotonic() - due; late > debt {
			due += late - debt
		}
		due += period
	}
}

// touchBytes changes one byte of every page.
func touchBytes(pages []byte) {
	for first := 0; first < len(pages); first += pageSize {
		pages[first]++
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

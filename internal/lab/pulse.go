package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// BeatPeriod is the time between two heartbeats of a guest that runs undisturbed.
const BeatPeriod = 100 * time.Millisecond

// Beat is one heartbeat of a guest.
type Beat struct {
	// Arrived is when the beat was seen outside the guest. Every pause shows in it.
	Arrived time.Time
	// Sequence counts from 0 at boot, without gaps. A repeated one comes from two copies of the guest.
	Sequence uint64
	// Guest is the guest's monotonic clock, which stops with its vCPU: under emulation the pause of a switch-over does
	// not show in it.
	Guest time.Duration
	// PagesTouched counts the pages that the load dirtied since boot.
	PagesTouched uint64
}

// Pulse follows the heartbeat of a guest on its serial console. All hosts write a guest's console to the same file, so
// it survives moves and the end of QEMU and libvirtd. Its methods are safe for concurrent use.
type Pulse struct {
	file     *os.File
	notifier *os.File
	stopped  chan struct{}

	mutex   sync.Mutex
	changed chan struct{} // closed and replaced at every change of the fields below
	beats   []Beat
	written map[uint64]uint64 // the last write to each sector that is on the disk
	ready   bool
	failure error
	partial []byte
}

// follow follows a console, which need not exist yet.
func follow(console string) (*Pulse, error) {
	file, err := os.OpenFile(console, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	notifier, err := notify(console)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &Pulse{
		file: file, notifier: notifier, stopped: make(chan struct{}), changed: make(chan struct{}),
		written: map[uint64]uint64{},
	}
	go p.read()
	return p, nil
}

// close stops following and removes the console. A second call does nothing.
func (p *Pulse) close() error {
	err := p.notifier.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	<-p.stopped
	return errors.Join(err, p.file.Close(), os.Remove(p.file.Name()))
}

// read reads what QEMU appends until close.
func (p *Pulse) read() {
	defer close(p.stopped)
	events := make([]byte, 4096)
	chunk := make([]byte, 4096)
	for {
		for {
			count, err := p.file.Read(chunk)
			if count == 0 || err != nil {
				break
			}
			p.take(chunk[:count], time.Now())
		}
		if _, err := p.notifier.Read(events); err != nil {
			return
		}
	}
}

// take adds a chunk of the console's output.
func (p *Pulse) take(chunk []byte, arrived time.Time) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.partial = append(p.partial, chunk...)
	for {
		line, rest, found := bytes.Cut(p.partial, []byte("\n"))
		if !found {
			return
		}
		p.takeLine(strings.TrimSpace(string(line)), arrived)
		p.partial = slices.Clone(rest)
		close(p.changed)
		p.changed = make(chan struct{})
	}
}

func (p *Pulse) takeLine(line string, arrived time.Time) {
	beat := Beat{Arrived: arrived}
	var guest int64
	var sequence, sector uint64
	if count, _ := fmt.Sscanf(line, "wrote %d %d", &sequence, &sector); count == 2 {
		p.written[sector] = sequence
		return
	}
	count, _ := fmt.Sscanf(line, "beat %d %d %d", &beat.Sequence, &guest, &beat.PagesTouched)
	switch {
	case count == 3:
		beat.Guest = time.Duration(guest)
		p.beats = append(p.beats, beat)
	case line == "ready":
		p.ready = true
	case strings.HasPrefix(line, "error "), strings.Contains(line, "Kernel panic"):
		p.failure = errors.New(line)
	}
}

// Failure returns the failure that the guest reported, such as a kernel panic, or nil.
func (p *Pulse) Failure() error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.failure
}

// Beats returns the beats so far, in the order in which they arrived.
func (p *Pulse) Beats() []Beat {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return slices.Clone(p.beats)
}

// NextBeat waits for a beat that arrives after the call. The error is that of the context or the guest's failure.
func (p *Pulse) NextBeat(ctx context.Context) (Beat, error) {
	before := len(p.Beats())
	var next Beat
	err := p.wait(ctx, func() bool {
		if len(p.beats) <= before {
			return false
		}
		next = p.beats[before]
		return true
	})
	return next, err
}

func (p *Pulse) waitReady(ctx context.Context) error {
	return p.wait(ctx, func() bool { return p.ready && len(p.beats) > 0 })
}

// wait returns when the condition, which runs under the mutex, holds.
func (p *Pulse) wait(ctx context.Context, holds func() bool) error {
	for {
		p.mutex.Lock()
		done, failure, changed := holds(), p.failure, p.changed
		p.mutex.Unlock()
		switch {
		case done:
			return nil
		case failure != nil:
			return failure
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("console %s: %w", filepath.Base(p.file.Name()), ctx.Err())
		}
	}
}

// Record sums up a guest's heartbeat over a period of time.
type Record struct {
	// Beats is how many arrived.
	Beats int
	// LongestGap is the longest time between two arrivals, including the ends of the period: the longest pause plus at
	// most one BeatPeriod.
	LongestGap time.Duration
	// LongestGuestGap is the longest time between two beats by the guest's own clock.
	LongestGuestGap time.Duration
	// Lost are the sequence numbers that did not arrive, though later ones did.
	Lost []uint64
	// Repeated are the sequence numbers that arrived again or out of order: two copies of the guest ran, or it ran again
	// from an older state.
	Repeated []uint64
	// DirtyRate is how fast the load dirtied memory, in bytes per second of real time.
	DirtyRate float64
}

// Between sums up the beats that arrived in a period of time.
func (p *Pulse) Between(from, to time.Time) Record {
	beats := p.Beats()
	return assess(slices.DeleteFunc(beats, func(b Beat) bool { return b.Arrived.Before(from) || b.Arrived.After(to) }),
		from, to)
}

func assess(beats []Beat, from, to time.Time) Record {
	record := Record{Beats: len(beats)}
	if len(beats) == 0 {
		record.LongestGap = to.Sub(from)
		return record
	}
	last := beats[0]
	highest := last.Sequence
	record.LongestGap = max(last.Arrived.Sub(from), to.Sub(beats[len(beats)-1].Arrived))
	for _, beat := range beats[1:] {
		record.LongestGap = max(record.LongestGap, beat.Arrived.Sub(last.Arrived))
		record.LongestGuestGap = max(record.LongestGuestGap, beat.Guest-last.Guest)
		if beat.Sequence <= highest {
			record.Repeated = append(record.Repeated, beat.Sequence)
		}
		for lost := highest + 1; lost < beat.Sequence; lost++ {
			record.Lost = append(record.Lost, lost)
		}
		highest = max(highest, beat.Sequence)
		last = beat
	}
	if elapsed := last.Arrived.Sub(beats[0].Arrived).Seconds(); elapsed > 0 {
		const pageSize = 4096
		record.DirtyRate = (float64(last.PagesTouched) - float64(beats[0].PagesTouched)) * pageSize / elapsed
	}
	return record
}

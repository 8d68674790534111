package storage

import (
	"strconv"
	"strings"
	"time"
)

// Leftover is a volume that an earlier move of the VM has left on a host, as its history has it.
type Leftover struct {
	// Volume is as it was when it was noted.
	Volume

	// WrittenUntil is how long that move may have written to it afterwards, by its own time limit:
	// nobody has noted the volume since. It is zero where nothing was to write to it any more.
	WrittenUntil time.Time
	// EndedBy is when that move had certainly ended; zero where nobody knows.
	EndedBy time.Time
}

// left tells whether a volume is certainly what the move has left: of that size, and not written
// to since it was noted. What has no time is not known to be.
func (l Leftover) left(v Volume) bool {
	return l.alike(v) && v.Modified != "" && v.Modified == l.Modified && v.Length == l.Length
}

// mayBeWritten tells whether a volume may be what a move has written to that nobody has seen to its
// end. Nothing proves it: another file may have come in its place meanwhile.
func (l Leftover) mayBeWritten(v Volume) bool {
	noted, wasNoted := timeOf(l.Modified)
	written, isKnown := timeOf(v.Modified)
	return l.alike(v) && v.Modified != l.Modified && v.Length >= l.Length &&
		wasNoted && isKnown && !written.Before(noted) && !written.After(l.WrittenUntil)
}

func (l Leftover) alike(v Volume) bool {
	return v.Path == l.Path && v.Format == l.Format && v.Capacity == l.Capacity
}

// mayBeLeft tells whether a volume may be what the move has left, though that is not certain: when it was last
// written to was not noted, or nobody knows how long the move has written to it.
func (l Leftover) mayBeLeft(v Volume) bool {
	if l.mayBeWritten(v) {
		return true
	}
	if l.Modified != "" && !l.EndedBy.IsZero() || v.Capacity != l.Capacity {
		return false
	}
	written, isKnown := timeOf(v.Modified)
	return !isKnown || l.EndedBy.IsZero() || !written.After(l.EndedBy)
}

// timeOf reads a time as libvirt writes it: seconds since 1970, and their fraction where the
// file system keeps one.
func timeOf(modified string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(modified, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || len(fraction) > 9 {
		return time.Time{}, false
	}
	nanoseconds, err := strconv.ParseUint(fraction+strings.Repeat("0", 9-len(fraction)), 10, 32)
	return time.Unix(seconds, int64(nanoseconds)), err == nil
}

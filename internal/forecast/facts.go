package forecast

import (
	"math"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Facts is what is known before a move.
type Facts struct {
	// Policy is what the move is to be made under.
	Policy policy.Effective
	// Measured is what was measured of the guest; nil where nothing was.
	Measured *Measurement
	// MemoryBytes is the guest's memory, where nothing was measured.
	MemoryBytes uint64
	// Past are earlier moves of the VM, newest first.
	Past []Past
}

// Past is an earlier move, and how it ended.
type Past struct {
	Policy policy.Effective
	// SameHosts tells whether it was between the same two hosts.
	SameHosts bool
	// Outcome is how it ended; Unknown where nobody saw that, or where it was neither the policy's doing nor QEMU's.
	Outcome Verdict
	// Duration, memory and pages are figures of its job.
	Duration, Downtime            time.Duration
	TotalBytes, TransferredBytes  uint64
	ConstantBytes                 uint64
	Throttle                      int64
	CompressedPages, CompressedTo int64
	CacheMisses                   int64
}

const pageSize = 4096

// limit is the limit of the bandwidth in bytes per second, 0 for none.
func limit(p policy.Effective) float64 { return valueOr(p.BandwidthMiBPerSecond, 0) * mib }

// link is how many bytes per second are sent under a limit; false where that is not known.
func (f Facts) link(limit float64) (Interval, bool) {
	carried, known := f.carried()
	if limit == 0 {
		return carried, known
	}
	link := paced(limit)
	if known {
		link.Low, link.Expected = min(link.Low, carried.Low), min(link.Expected, carried.Expected)
		link.High = min(link.High, carried.High)
	}
	return link, true
}

// carried is how many bytes per second the link between the hosts carried that no limit held back; false where no
// earlier move tells.
func (f Facts) carried() (Interval, bool) {
	var reached []float64
	for _, p := range f.Past {
		if p.SameHosts && p.Outcome != Unknown && p.Duration >= longEnough && p.linkBound() {
			reached = append(reached, float64(p.TransferredBytes)/(p.Duration.Seconds()-setUp.Expected))
		}
	}
	if len(reached) == 0 {
		return Interval{}, false
	}
	carried := hull(reached[0], reached[1:]...)
	return Interval{0.8 * carried.Low, carried.Expected, 1.3 * carried.High}, true
}

// linkBound tells whether it was the link that held a move back, not the limit.
func (p Past) linkBound() bool {
	return limit(p.Policy) == 0 || p.beside() > max(longestBeginning, linkBoundShare*p.Duration.Seconds())
}

// beside is how long a move under a limit took beside the sending, in seconds.
func (p Past) beside() float64 {
	return max(0, p.Duration.Seconds()-float64(p.TransferredBytes)/paced(limit(p.Policy)).Expected+atEnd)
}

const (
	// longEnough is how long a migration has to take to tell how fast its link is.
	longEnough = 2 * time.Second
	// A move that takes longer beside the sending than longestBeginning, in seconds, and than a share of all its time, has
	// a link that is slower than its limit.
	longestBeginning, linkBoundShare = 5, 0.3
)

const (
	// burst is how much QEMU sends before it looks whether that is enough for the tenth of a second: 32 pages, which
	// are 64 pieces with their headers.
	burst = 32 * (pageSize + 8)
	// bursts is how many times a second it does so.
	bursts = 1 / tick
)

// late is how much longer a tenth of a second takes QEMU than it should.
var late = Interval{1, 1.005, 1.06}

// paced is how fast QEMU sends that is told a limit: a little faster, the more so the lower the limit is, since it
// sends whole bursts.
func paced(limit float64) Interval {
	sent := math.Ceil(limit/bursts/burst) * burst * bursts
	return Interval{sent / late.High, sent / late.Expected, sent / late.Low}
}

// emulatorBytes is what a QEMU takes of its host's memory for itself.
var emulatorBytes = Interval{Low: 20 * mib, Expected: 130 * mib, High: 250 * mib}

// first is how many bytes the first pass sends: all memory but the pages that hold nothing, and at least what is
// dirtied anyway.
func (f Facts) first(least float64) Interval {
	memory := float64(f.memory())
	for _, p := range f.Past {
		if p.TotalBytes > p.ConstantBytes && p.ConstantBytes > 0 && p.Outcome != Unknown && p.Outcome != DoesNotEnd {
			sent := float64(p.TotalBytes - p.ConstantBytes)
			return Interval{0.95 * sent, sent, min(1.1*sent, max(sent, memory))}
		}
	}
	if f.Measured == nil || f.Measured.ResidentBytes == 0 {
		return Interval{min(least, memory), memory, memory}
	}
	resident := float64(f.Measured.ResidentBytes)
	bound := func(bytes float64) float64 { return min(memory, max(least, bytes)) }
	return Interval{
		bound(resident - emulatorBytes.High), bound(resident - emulatorBytes.Expected), bound(resident - emulatorBytes.Low),
	}
}

func (f Facts) memory() uint64 {
	if f.Measured != nil {
		return f.Measured.MemoryBytes
	}
	return f.MemoryBytes
}

// beginning is how long a migration takes before it sends memory, in seconds: as long as earlier ones between these
// hosts took, beside the sending.
func (f Facts) beginning() Interval {
	sum, low, high, count := doubt*setUp.Expected, setUp.Expected, setUp.Expected, doubt
	for _, p := range f.Past {
		if p.Outcome != Ends && p.Outcome != EndsThrottled || p.linkBound() {
			continue
		}
		took := p.beside()
		sum, low, high, count = sum+took, min(low, took), max(high, took), count+1
	}
	if count == doubt {
		return setUp
	}
	return Interval{max(0, low-unsteady), sum / count, high + unsteady}
}

const (
	// atEnd is what the end of a migration is sent faster by, beside the pace of the limit, and unsteady how much more or
	// less time the beginning may take than any time before, in seconds.
	atEnd, unsteady = 0.15, 0.3
	// doubt is for how many earlier moves what is usual counts.
	doubt = 0.5
)

// compressibility is what XBZRLE makes of a page that it has in its cache, as a share of it; false where that is not
// known.
func (f Facts) compressibility() (Interval, bool) {
	for _, p := range f.Past {
		switch {
		case p.CompressedPages > 0:
			share := min(1, float64(p.CompressedTo)/float64(p.CompressedPages*pageSize))
			return Interval{0.8 * share, share, min(1, 1.3*share)}, true
		case p.CacheMisses > 0:
			return Exactly(1), true // nothing came out smaller
		}
	}
	return Interval{0.02, 0.3, 1}, false
}

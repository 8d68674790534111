package migration

import "time"

// MirrorFigures is what was measured of the copy of a VM's disks, over all of them, in
// bytes and bytes per second.
type MirrorFigures struct {
	// Total is what is to be copied. It grows by what the guest writes again of what was
	// copied already.
	Total uint64
	// Copied is what was copied, and Remaining what is left. Least is the least that was
	// left so far.
	Copied, Remaining, Least uint64
	// Rate is what was copied lately, and WriteRate what the guest wrote again of it; both
	// are 0 before that can be told.
	Rate, WriteRate uint64
	// Disks is the last of each disk, where more than one is copied and that is known.
	Disks []DiskCopy
}

// mirrorDetector detects that the copy of the disks makes no progress: it is ready once
// nothing is left, and a guest that writes faster than that is copied does not let it get
// there. The copy is stalled when for window no less was left than ever before.
type mirrorDetector struct {
	window time.Duration

	figures MirrorFigures
	// progress is when least was reached; zero before the first reading.
	progress time.Time
	// recent are the readings of the last mirrorRateSpan, by which rates are told.
	recent []mirrorReading
}

type mirrorReading struct {
	at            time.Time
	total, copied uint64
}

// observe takes a reading of a running job that copies disks, and tells whether the copy is
// stalled.
func (m *mirrorDetector) observe(now time.Time, job Job) bool {
	f := &m.figures
	f.Total, f.Copied, f.Remaining = job.DiskTotal, job.DiskProcessed, job.DiskRemaining
	f.Disks = job.Disks
	if m.progress.IsZero() || f.Remaining < f.Least {
		f.Least, m.progress = f.Remaining, now
	}
	m.rate(mirrorReading{now, job.DiskTotal, job.DiskProcessed})
	return m.window > 0 && now.Sub(m.progress) >= m.window
}

// rate tells the rates by the first and the last of the recent readings. What was kept of
// them is not changed: facts are compared.
func (m *mirrorDetector) rate(r mirrorReading) {
	recent := append([]mirrorReading(nil), m.recent...)
	for len(recent) > 1 && r.at.Sub(recent[1].at) >= mirrorRateSpan {
		recent = recent[1:]
	}
	m.recent = append(recent, r)
	first, seconds := m.recent[0], r.at.Sub(m.recent[0].at).Seconds()
	if seconds < mirrorRateLeast.Seconds() || r.copied < first.copied || r.total < first.total {
		return
	}
	m.figures.Rate = uint64(float64(r.copied-first.copied) / seconds)
	m.figures.WriteRate = uint64(float64(r.total-first.total) / seconds)
}

// estimate is when the disks will have been copied if it goes on like this; nil where that
// cannot be told, or would be never.
func (f MirrorFigures) estimate() *time.Duration {
	if f.Rate <= f.WriteRate {
		return nil
	}
	seconds := float64(f.Remaining) / float64(f.Rate-f.WriteRate)
	if seconds >= longestEstimate.Seconds() {
		return nil
	}
	return new(time.Duration(seconds * float64(time.Second)))
}

package forecast

import (
	"math"
	"slices"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Verdict is whether a move ends under its policy, and by what means.
type Verdict string

// The verdicts, from the best to the worst.
const (
	// Ends by itself.
	Ends Verdict = "ends"
	// EndsThrottled because auto-converge slows the guest down.
	EndsThrottled Verdict = "ends_throttled"
	// EndsWithPause because on_timeout pauses the guest.
	EndsWithPause Verdict = "ends_with_pause"
	// NeedsPostCopy because on_timeout switches it to post-copy.
	NeedsPostCopy Verdict = "needs_post_copy"
	// DoesNotEnd before on_timeout aborts it.
	DoesNotEnd Verdict = "does_not_end"
	// Unknown is a move of which too little is known; Missing says what.
	Unknown Verdict = "unknown"
)

// Verdicts lists them.
func Verdicts() []Verdict {
	return []Verdict{Ends, EndsThrottled, EndsWithPause, NeedsPostCopy, DoesNotEnd, Unknown}
}

// Missing is something that has to be known for a verdict.
type Missing string

// What may be missing.
const (
	// MissingMeasurement is how much memory the guest dirties.
	MissingMeasurement Missing = "measurement"
	// MissingLink is how fast the link between the hosts is.
	MissingLink Missing = "link"
	// MissingCompressibility is how small compression makes what is sent.
	MissingCompressibility Missing = "compressibility"
)

// Longest is the longest duration that is forecast: of a move that does not end, and that nothing aborts before.
const Longest = 24 * time.Hour

// Basis is what a forecast rests on.
type Basis string

// The bases.
const (
	// ByMeasurement is the model over what was measured, ByHistory what earlier moves under the same policy took, and
	// ByNothing none of both.
	ByMeasurement Basis = "measurement"
	ByHistory     Basis = "history"
	ByNothing     Basis = "nothing"
)

// Forecast is what a move is expected to be like.
type Forecast struct {
	Verdict Verdict `json:"verdict"`
	// Missing is what an Unknown verdict lacks.
	Missing []Missing `json:"missing,omitempty"`
	Basis   Basis     `json:"basis"`
	// The figures are nil where the verdict is Unknown. One that does not end has those up to its abort.
	DurationMS  *Interval `json:"duration_ms,omitempty"`
	DowntimeMS  *Interval `json:"downtime_ms,omitempty"`
	MemoryBytes *Interval `json:"memory_bytes,omitempty"`
	// ThrottlePercent is the highest throttle.
	ThrottlePercent *Interval `json:"throttle_percent,omitempty"`
	// Corrected is how many earlier moves have corrected the duration.
	Corrected int `json:"corrected,omitempty"`
}

// Of forecasts a move.
func Of(f Facts) Forecast {
	if f.Measured == nil || len(f.Measured.Samples) == 0 {
		return f.byHistory()
	}
	model, missing := f.model()
	if len(missing) > 0 {
		return Forecast{Verdict: Unknown, Missing: missing, Basis: ByMeasurement}
	}
	made := model.forecast(f.Policy)
	f.correct(&made)
	return made
}

// model is all that is known, and how well.
type model struct {
	first, link, resend Interval
	memory              float64
	dirty               curve
	busy                float64
	// lean is how far what is expected to be dirtied leans to the low (-1) or the high (1), as earlier moves teach.
	lean float64
}

func (f Facts) model() (model, []Missing) {
	var missing []Missing
	m := model{memory: float64(f.memory()), dirty: fit(*f.Measured), busy: f.Measured.Busy}
	m.first = f.first(m.dirty)
	var known bool
	if m.link, known = f.link(); !known {
		missing = append(missing, MissingLink)
	}
	if c := f.Policy.ParallelCompression; c != nil && *c != policy.NoCompression && f.Policy.ParallelConnections() > 0 {
		missing = append(missing, MissingCompressibility) // of everything that is sent
	}
	if len(missing) > 0 {
		return m, missing
	}
	if m.resend, known = f.compressibility(); !known && f.Policy.Compression() {
		best, worst := m, m
		best.resend, worst.resend = Exactly(m.resend.Low), Exactly(m.resend.High)
		if best.run(f.Policy, expected).verdict != worst.run(f.Policy, expected).verdict {
			missing = append(missing, MissingCompressibility)
		}
	}
	m.learn(f.Past)
	return m, missing
}

// view is which of the figures of an interval are believed.
type view int

const (
	expected view = iota
	bestCase
	worstCase
)

func (v view) of(i Interval, less bool) float64 {
	switch {
	case v == expected:
		return i.Expected
	case less == (v == bestCase):
		return i.Low
	}
	return i.High
}

// run simulates the move in one view.
func (m model) run(p policy.Effective, v view) course {
	return simulate(p, assumptions{
		setUp: v.of(setUp, true), abort: v.of(abort, true), first: v.of(m.first, true), link: v.of(m.link, false),
		rush: v.of(rush, true), memory: m.memory,
		resend: v.of(m.resend, true),
		dirty:  func(seconds float64) float64 { return v.of(m.dirty.at(seconds).lean(m.lean), true) },
		catchesUp: func(left float64) float64 {
			// A guest that waits most of the time may do as much with less CPU, or may lose what it is not given.
			kept := Interval{left, left, left}
			if m.busy > 0 {
				kept.High = min(1, max(left, left/m.busy))
				kept.Expected = math.Sqrt(left * kept.High)
			}
			return v.of(kept, true)
		},
	})
}

// forecast simulates the move as expected, at best and at worst.
func (m model) forecast(p policy.Effective) Forecast {
	runs := []course{m.run(p, expected), m.run(p, bestCase), m.run(p, worstCase)}
	of := func(scale float64, figure func(course) float64) *Interval {
		var figures []float64
		for _, r := range runs {
			figures = append(figures, scale*figure(r))
		}
		return new(hull(figures[0], figures[1:]...))
	}
	duration := of(1000, func(c course) float64 { return c.seconds })
	for _, r := range runs {
		duration.High = max(duration.High, 1000*min(forever, r.seconds+r.later))
	}
	return Forecast{
		Verdict: runs[0].verdict, Basis: ByMeasurement, DurationMS: duration,
		DowntimeMS:      of(1000, func(c course) float64 { return c.downtime }),
		MemoryBytes:     of(1, func(c course) float64 { return c.bytes }),
		ThrottlePercent: of(1, func(c course) float64 { return c.throttle }),
	}
}

// correct corrects the duration by how far off earlier forecasts were, the less the fewer there are.
func (f Facts) correct(made *Forecast) {
	var sum, low, high, count float64
	for _, p := range f.Past {
		if p.Forecast == nil || p.Forecast.DurationMS == nil || p.Forecast.Verdict != p.Outcome ||
			p.Outcome != made.Verdict || !sameLimit(p.Policy, f.Policy) || p.Forecast.DurationMS.Expected <= 0 ||
			p.Duration <= 0 {
			continue
		}
		off := math.Log(float64(p.Duration.Milliseconds()) / p.Forecast.DurationMS.Expected)
		sum, low, high, count = sum+off, min(low, off), max(high, off), count+1
	}
	if count == 0 {
		return
	}
	by := math.Exp(sum / (count + 1))
	i := made.DurationMS
	corrected := i.Expected * by
	*i = hull(corrected, i.Low*min(1, by), i.High*max(1, by))
	made.Corrected = int(count)
}

// sameLimit tells whether two policies limit the bandwidth alike.
func sameLimit(a, b policy.Effective) bool {
	return valueOr(a.BandwidthMiBPerSecond, 0) == valueOr(b.BandwidthMiBPerSecond, 0)
}

// byHistory is what earlier moves under the same policy took that ended as the last of them.
func (f Facts) byHistory() Forecast {
	var like []Past
	for _, p := range f.Past {
		if !p.SameHosts || p.Outcome == Unknown || p.Policy.Digest() != f.Policy.Digest() {
			continue
		}
		if len(like) == 0 || p.Outcome == like[0].Outcome {
			like = append(like, p)
		}
	}
	if len(like) == 0 {
		missing := []Missing{MissingMeasurement}
		if _, known := f.link(); !known {
			missing = append(missing, MissingLink)
		}
		return Forecast{Verdict: Unknown, Missing: missing, Basis: ByNothing}
	}
	of := func(figure func(Past) float64) *Interval {
		var figures []float64
		for _, p := range like {
			figures = append(figures, figure(p))
		}
		middle := slices.Sorted(slices.Values(figures))[len(figures)/2]
		return new(hull(middle, figures...))
	}
	return Forecast{
		Verdict: like[0].Outcome, Basis: ByHistory,
		DurationMS:      of(func(p Past) float64 { return float64(p.Duration.Milliseconds()) }),
		DowntimeMS:      of(func(p Past) float64 { return float64(p.Downtime.Milliseconds()) }),
		MemoryBytes:     of(func(p Past) float64 { return float64(p.TransferredBytes) }),
		ThrottlePercent: of(func(p Past) float64 { return float64(p.Throttle) }),
	}
}

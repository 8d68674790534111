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
	// MissingPolicy is under which policy it starts.
	MissingPolicy Missing = "policy"
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
	return model.forecast(f.Policy)
}

// model is all that is known, and how well.
type model struct {
	setUp, first, link, resend Interval
	memory, busy               float64
	belief                     belief
	// learnt is of how many earlier moves it was learnt.
	learnt int
}

func (f Facts) model() (model, []Missing) {
	var missing []Missing
	m := model{memory: float64(f.memory()), busy: f.Measured.Busy, setUp: f.beginning(), belief: believe(*f.Measured)}
	m.first = f.first(m.belief.least(longestWindow))
	var known bool
	if m.link, known = f.link(limit(f.Policy)); !known {
		missing = append(missing, MissingLink)
	}
	if c := f.Policy.ParallelCompression; c != nil && *c != policy.NoCompression && f.Policy.ParallelConnections() > 0 {
		missing = append(missing, MissingCompressibility) // of everything that is sent
	}
	if len(missing) > 0 {
		return m, missing
	}
	if f.throttles() {
		m.belief = m.belief.throttled()
	}
	m.resend, known = f.compressibility()
	m.learnt = m.learn(f)
	if !known && f.Policy.Compression() {
		best, worst := m, m
		best.resend, worst.resend = Exactly(m.resend.Low), Exactly(m.resend.High)
		if best.outlook(f.Policy, expected).verdict() != worst.outlook(f.Policy, expected).verdict() {
			missing = append(missing, MissingCompressibility)
		}
	}
	return m, missing
}

// throttles tells whether this move throttles the guest, or an earlier one did.
func (f Facts) throttles() bool {
	return f.Policy.AutoConverge() ||
		slices.ContainsFunc(f.Past, func(p Past) bool { return p.Policy.AutoConverge() })
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

// run simulates the move of a guest as guessed in one view.
func (m model) run(g guess, p policy.Effective, v view) course {
	return simulate(p, assumptions{
		setUp: v.of(m.setUp, true), abort: v.of(abort, true), first: v.of(m.first, true), link: v.of(m.link, false),
		rush: v.of(rush, true), stall: v.of(stall, true), lull: v.of(lull, true), handOver: v.of(handOver, true),
		memory: m.memory, resend: v.of(m.resend, true), guest: g.line,
		catchesUp: func(left float64) float64 {
			// A guest that waits most of the time may do as much with less CPU, or may lose what it is not given.
			if m.busy == 0 {
				return left
			}
			return math.Pow(left, 1-g.lazy) * math.Pow(min(1, max(left, left/m.busy)), g.lazy)
		},
	})
}

// forecast is what the move is expected to be like, at best and at worst.
func (m model) forecast(p policy.Effective) Forecast {
	likely, best, worst := m.outlook(p, expected), m.outlook(p, bestCase), m.outlook(p, worstCase)
	verdict := likely.verdict()
	of := func(scale float64, figure func(course) float64) *Interval {
		return new(hull(scale*likely.median(verdict, figure),
			scale*best.quantile(unlikely, figure), scale*worst.quantile(1-unlikely, figure)))
	}
	made := Forecast{
		Verdict: verdict, Basis: ByMeasurement, Corrected: m.learnt,
		DurationMS:      of(1000, func(c course) float64 { return c.seconds }),
		DowntimeMS:      of(1000, func(c course) float64 { return c.downtime }),
		MemoryBytes:     of(1, func(c course) float64 { return c.bytes }),
		ThrottlePercent: of(1, func(c course) float64 { return c.throttle }),
	}
	latest := worst.quantile(1-unlikely, func(c course) float64 { return min(forever, c.seconds+c.later) })
	made.DurationMS.High = max(made.DurationMS.High, 1000*latest)
	return made
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
		if _, known := f.link(limit(f.Policy)); !known {
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
	downtime := of(func(p Past) float64 { return float64(p.Downtime.Milliseconds()) })
	if like[0].Outcome == NeedsPostCopy { // libvirt does not tell
		downtime = new(handOver.times(Exactly(1000)))
	}
	return Forecast{
		Verdict: like[0].Outcome, Basis: ByHistory, DowntimeMS: downtime,
		DurationMS:      of(func(p Past) float64 { return float64(p.Duration.Milliseconds()) }),
		MemoryBytes:     of(func(p Past) float64 { return float64(p.TransferredBytes) }),
		ThrottlePercent: of(func(p Past) float64 { return float64(p.Throttle) }),
	}
}

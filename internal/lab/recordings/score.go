package recordings

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// Scored is a recorded move, and what was forecast of it.
type Scored struct {
	Recording

	Forecast forecast.Forecast
	// Naive is the duration by memory over what the link carries more than is dirtied, in seconds; infinite where that is
	// nothing.
	Naive float64
}

// Seconds is how long it took.
func (s Scored) Seconds() float64 { return float64(s.Move.Figures.DurationMS) / 1000 }

// Right tells whether its verdict was forecast.
func (s Scored) Right() bool { return s.Forecast.Verdict == s.Move.Verdict() }

// Off is how far off the forecast duration was, as a share of the real one; infinite where none was forecast.
func (s Scored) Off() float64 {
	if s.Forecast.DurationMS == nil {
		return math.Inf(1)
	}
	return math.Abs(s.Forecast.DurationMS.Expected/1000-s.Seconds()) / s.Seconds()
}

// Held tells whether the interval of the duration held the real one.
func (s Scored) Held() bool {
	return s.Forecast.DurationMS != nil && s.Forecast.DurationMS.Holds(1000*s.Seconds())
}

// Score forecasts each recorded move by what was measured and, with past, by the moves of the same guest before it, as
// its history has them.
func Score(all []Recording, past bool) []Scored {
	before := map[string]*history.History{}
	var scored []Scored
	for _, r := range all {
		h := before[r.Boot]
		if h == nil {
			h = &history.History{}
			before[r.Boot] = h
		}
		facts := forecast.Facts{Policy: r.Move.Policy, Measured: &r.Measured}
		if past {
			facts.Past = h.Past(r.Move.From.UUID, r.Move.To.UUID)
		}
		s := Scored{Recording: r, Forecast: forecast.Of(facts), Naive: naive(r)}
		scored = append(scored, s)
		r.Move.Forecast = &s.Forecast
		h.Add(r.Move)
		h.Entries = h.Entries[:min(len(h.Entries), history.MaxEntries)]
	}
	return scored
}

func naive(r Recording) float64 {
	link := float64(*r.Move.Policy.BandwidthMiBPerSecond << 20)
	return forecast.Naive(float64(r.Measured.MemoryBytes), float64(r.Measured.Samples[0].Rate), link)
}

// tally is the score of some moves.
type tally struct {
	moves, right, held, naiveRight int
	off, naiveOff                  []float64
}

func (t *tally) add(s Scored) {
	t.moves++
	if s.Right() {
		t.right++
	}
	if s.Held() {
		t.held++
	}
	ends := s.Move.Verdict() == forecast.Ends || s.Move.Verdict() == forecast.EndsThrottled
	if ends == !math.IsInf(s.Naive, 0) {
		t.naiveRight++
	}
	t.off, t.naiveOff = append(t.off, s.Off()), append(t.naiveOff, math.Abs(s.Naive-s.Seconds())/s.Seconds())
}

// percentile is the smallest figure that a share of all are not above.
func percentile(figures []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[min(len(sorted)-1, int(math.Ceil(share*float64(len(sorted))))-1)]
}

func percent(share float64) string {
	if math.IsInf(share, 0) {
		return "no end"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

func (t *tally) row(name string) string {
	share := func(n int) string { return percent(float64(n) / float64(t.moves)) }
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s | %s | %s |\n", name, t.moves, share(t.right),
		percent(percentile(t.off, 0.5)),
		percent(percentile(t.off, 0.9)), share(t.held), share(t.naiveRight), percent(percentile(t.naiveOff, 0.9)))
}

// Only are the moves of a set.
func Only(set string, all []Recording) []Recording {
	return slices.DeleteFunc(slices.Clone(all), func(r Recording) bool { return r.Set != set })
}

// Summary is the score of some moves: the shares of them whose verdict was right and that ended within their interval,
// and the 90th percentile of what the duration was off.
type Summary struct {
	Moves            int
	Right, Held, Off float64
}

// Summarize sums up the score of moves that were forecast by what was measured and by those before them.
func Summarize(all []Recording) Summary {
	var t tally
	for _, s := range Score(all, true) {
		t.add(s)
	}
	n := float64(t.moves)
	return Summary{t.moves, float64(t.right) / n, float64(t.held) / n, percentile(t.off, 0.9)}
}

// Table is the score as a table in Markdown: of the moves of each set with and without history, and with it by guest
// and by how they ended.
func Table(all []Recording) string {
	var b strings.Builder
	b.WriteString("| moves | number | verdict right | error, median | error, 90th percentile | interval held | naive " +
		"model: ends or not right | naive model: error, 90th percentile |\n|---|---|---|---|---|---|---|---|\n")
	names := []string{}
	tallies := map[string]*tally{}
	count := func(name string, s Scored) {
		if tallies[name] == nil {
			tallies[name] = &tally{}
			names = append(names, name)
		}
		tallies[name].add(s)
	}
	for _, set := range []string{Independent, Earlier, Loaded, Development} {
		of := Only(set, all)
		scored := Score(of, true)
		for _, s := range scored {
			count(set, s)
		}
		for _, s := range Score(of, false) {
			count(set+", without history", s)
		}
		for _, s := range scored {
			count(set+", guest: "+s.Guest, s)
		}
		for _, s := range scored {
			count(fmt.Sprintf("%s, ended as `%s`", set, s.Move.Verdict()), s)
		}
	}
	for _, name := range names {
		b.WriteString(tallies[name].row(name))
	}
	return b.String()
}

// Lines is each move, with what was forecast of it.
func Lines(all []Recording) string {
	var b strings.Builder
	for _, s := range Score(all, true) {
		fmt.Fprintf(&b, "%-32s %2d MiB/s ac=%s x=%s %-8s: was %-15s %6.1f s, forecast %-15s", s.Guest,
			*s.Move.Policy.BandwidthMiBPerSecond, s.Move.Policy.Text("auto_converge"), s.Move.Policy.Text("compression"),
			s.Move.Policy.OnTimeout(), s.Move.Verdict(), s.Seconds(), s.Forecast.Verdict)
		if d := s.Forecast.DurationMS; d != nil {
			fmt.Fprintf(&b, " %6.1f s (%.1f to %.1f)", d.Expected/1000, d.Low/1000, d.High/1000)
		}
		b.WriteString("\n")
	}
	return b.String()
}

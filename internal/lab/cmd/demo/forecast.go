package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// foretold is what was forecast of a move, as its report has it.
type foretold struct {
	Verdict string
	// DurationMS is the low, the expected and the high figure.
	DurationMS [3]float64 `json:"duration_ms"`
}

// unknown is the forecast of a move of which nothing can be foretold.
const unknown = "unknown"

// forecast is what was forecast of the move, in the words of the provider.
func (r row) forecast() string {
	f := r.foretold()
	if f == nil {
		return unknown
	}
	low, expected, high := f.DurationMS[0], f.DurationMS[1], f.DurationMS[2]
	return fmt.Sprintf("%s, %s (%s to %s)", strings.ReplaceAll(f.Verdict, "_", " "), milliseconds(expected),
		milliseconds(low), milliseconds(high))
}

func (r row) foretold() *foretold {
	if r.report == nil {
		return nil
	}
	return r.report.Move.Forecast
}

func milliseconds(ms float64) string {
	return seconds(time.Duration(ms) * time.Millisecond)
}

// off is how far the expected duration was off, as a share of the real one.
func (r row) off() string {
	f := r.foretold()
	if f == nil {
		return none
	}
	return r.figure(func(seen figures) string {
		took := float64(seen.DurationMS)
		return fmt.Sprintf("%+.0f %%", 100*(f.DurationMS[1]-took)/took)
	})
}

// score says after a step how far its forecast was off.
func (r row) score() string {
	f := r.foretold()
	switch {
	case r.report == nil || r.report.Move.Figures == nil:
		return "Nothing was moved, so there is nothing to hold against the forecast."
	case f == nil:
		return fmt.Sprintf("Forecast: unknown. It took %s.", r.duration())
	}
	took := float64(r.report.Move.Figures.DurationMS)
	held := "within its bounds"
	if took < f.DurationMS[0] || took > f.DurationMS[2] {
		held = "outside of its bounds"
	}
	off := math.Abs(f.DurationMS[1]-took) / took
	return fmt.Sprintf("Forecast: %s. It %s after %s: the forecast was off by %.0f %%, %s.", r.forecast(), r.ending(),
		r.duration(), 100*off, held)
}

// ending is how the move ended, without where.
func (r row) ending() string {
	if r.arrived() {
		return "arrived"
	}
	return "ended without arriving"
}

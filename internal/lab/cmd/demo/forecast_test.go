package main

import "testing"

func TestForecastIsHeldAgainstTheMove(t *testing.T) {
	t.Parallel()
	made := func(outcome string, f *figures, forecast *foretold) row {
		r := row{report: &report{}}
		r.report.Move.Outcome, r.report.Move.Figures, r.report.Move.Forecast = outcome, f, forecast
		return r
	}
	throttled := &foretold{"ends_throttled", [3]float64{8000, 12000, 20000}}
	tests := map[string]struct {
		row                  row
		forecast, off, score string
	}{
		"it came so": {
			made(completed, &figures{DurationMS: 10000}, throttled), "ends throttled, 12.0 s (8.0 s to 20.0 s)", "+20 %",
			"Forecast: ends throttled, 12.0 s (8.0 s to 20.0 s). It arrived after 10.0 s: the forecast was off by 20 %, within its bounds.",
		},
		"it took longer": {
			made(completed, &figures{DurationMS: 24000}, throttled), "ends throttled, 12.0 s (8.0 s to 20.0 s)", "-50 %",
			"Forecast: ends throttled, 12.0 s (8.0 s to 20.0 s). It arrived after 24.0 s: the forecast was off by 50 %, outside of its bounds.",
		},
		"it did not end": {
			made(notConverged, &figures{DurationMS: 12000}, &foretold{"does_not_end", [3]float64{8000, 12000, 20000}}),
			"does not end, 12.0 s (8.0 s to 20.0 s)", "+0 %",
			"Forecast: does not end, 12.0 s (8.0 s to 20.0 s). It ended without arriving after 12.0 s: the forecast was off by 0 %, within its bounds.",
		},
		"unknown":   {made(completed, &figures{DurationMS: 6000}, nil), unknown, none, "Forecast: unknown. It took 6.0 s."},
		"not moved": {row{}, unknown, none, "Nothing was moved, so there is nothing to hold against the forecast."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for want, got := range map[string]string{
				test.forecast: test.row.forecast(), test.off: test.row.off(), test.score: test.row.score(),
			} {
				if got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

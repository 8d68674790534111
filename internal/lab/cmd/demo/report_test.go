package main

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
	providers "github.com/terraform-provider-virt/terraform-provider-virt/internal/report"
)

// TestNewestReport reads what the provider writes of moves.
func TestNewestReport(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	write := func(second int, outcome history.Outcome, f *history.Figures) {
		t.Helper()
		entry := history.Entry{
			ID: "id", StartedAt: time.Date(2026, 11, 26, 12, 0, second, 0, time.UTC), Outcome: outcome, Figures: f,
			Forecast: &forecast.Forecast{Verdict: forecast.EndsThrottled, DurationMS: &forecast.Interval{Low: 8e3, Expected: 12e3, High: 2e4}},
		}
		entry.EndedAt = entry.StartedAt.Add(time.Minute)
		_, err := providers.Write(directory, providers.Document{
			VM: providers.VM{UUID: "uuid", Name: "web"}, Move: entry, Guest: &providers.Guest{ThrottleLossMS: 4200},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if r, err := newestReport(directory, 0); r != nil || err != nil {
		t.Errorf("an empty directory has %+v, %v", r, err)
	}
	write(1, history.NotConverged, &history.Figures{DurationMS: 90_000, MemoryTransferredBytes: 2048 << 20})
	write(2, history.Completed, &history.Figures{
		DurationMS: 13_100, DowntimeMS: new(int64(321)), MemoryTransferredBytes: 260 << 20, Throttle: new(int64(80)),
	})
	r, err := newestReport(directory, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := row{report: r}
	if !got.arrived() || got.duration() != "13.1 s" || got.sent() != "260 MiB" || got.downtime() != "321 ms" ||
		got.throttle() != "80 %" || got.throttled() != "4.2 s" || got.forecast() != "ends throttled, 12.0 s (8.0 s to 20.0 s)" ||
		r.Move.EndedAt.Sub(r.Move.StartedAt) != time.Minute || r.picture != "20261126T120002.000Z-web-uuid.svg" {
		t.Errorf("the second move is %+v of %+v, with the picture %s", r.Move, r.Move.Figures, r.picture)
	}
	if r, err := newestReport(directory, 2); r != nil || err != nil {
		t.Errorf("without a new report there is %+v, %v", r, err)
	}
	write(3, history.NotConverged, &history.Figures{DurationMS: 90_000, MemoryTransferredBytes: 2048 << 20})
	r, err = newestReport(directory, 2)
	if err != nil {
		t.Fatal(err)
	}
	got = row{report: r}
	if !got.ended(notConverged) || got.duration() != "90.0 s" || got.sent() != "2048 MiB" || got.downtime() != none {
		t.Errorf("the third move is %+v of %+v", r.Move, r.Move.Figures)
	}
}

package history_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/history"
)

// TestVerdict: what a move says of the next one.
func TestVerdict(t *testing.T) {
	t.Parallel()
	type figures = history.Figures
	for _, test := range []struct {
		outcome history.Outcome
		phase   string
		figures *figures
		want    forecast.Verdict
	}{
		{history.Completed, "pre_copy", &figures{Throttle: new(int64(0))}, forecast.Ends},
		{history.Completed, "pre_copy", &figures{Throttle: new(int64(20))}, forecast.EndsThrottled},
		{history.Completed, "paused", &figures{Throttle: new(int64(20))}, forecast.EndsWithPause},
		{history.Completed, "post_copy", &figures{}, forecast.NeedsPostCopy},
		{history.Completed, "pre_copy", &figures{DiskTotalBytes: 1}, forecast.Unknown},
		{history.Completed, "", nil, forecast.Unknown}, // its definition alone, or nobody saw the figures
		{history.TimedOut, "", &figures{}, forecast.DoesNotEnd},
		{history.NotConverged, "", &figures{}, forecast.DoesNotEnd},
		{history.Cancelled, "", &figures{}, forecast.Unknown},
		{history.Failed, "", &figures{}, forecast.Unknown},
		{history.Unwatched, "", &figures{}, forecast.Unknown},
		{history.Started, "", nil, forecast.Unknown},
	} {
		e := history.Entry{Outcome: test.outcome, Phase: test.phase, Figures: test.figures}
		if got := e.Verdict(); got != test.want {
			t.Errorf("%s, %q, %+v: %s, want %s", test.outcome, test.phase, test.figures, got, test.want)
		}
	}
}

// TestPast: earlier moves as a forecast takes them, also after the history was written and read.
func TestPast(t *testing.T) {
	t.Parallel()
	made := entry("a")
	made.Outcome, made.Phase, made.From, made.To = history.Completed, "pre_copy", kvm1, kvm2
	made.Figures = &history.Figures{
		DurationMS: 1500, DowntimeMS: new(int64(20)), MemoryTotalBytes: 30, MemoryTransferredBytes: 40, MemoryConstantBytes: 5,
		CompressionPages: new(int64(6)), CompressionBytes: new(int64(7)), CompressionCacheMisses: new(int64(8)),
	}
	started := entry("b")
	started.Outcome, started.Figures = history.Started, nil
	h := decode(t, encode(t, history.History{Entries: []history.Entry{started, made}}))
	want := forecast.Past{
		Policy: made.Policy, SameHosts: true, Outcome: forecast.Ends,
		Duration: 1500 * time.Millisecond, Downtime: 20 * time.Millisecond, TotalBytes: 30, TransferredBytes: 40, ConstantBytes: 5,
		CompressedPages: 6, CompressedTo: 7, CacheMisses: 8,
	}
	for _, ends := range [][2]string{{kvm1.UUID, kvm2.UUID}, {kvm2.UUID, kvm1.UUID}, {kvm1.UUID, "another"}, {kvm1.UUID, ""}} {
		want.SameHosts = ends[1] == kvm1.UUID || ends[1] == kvm2.UUID
		if diff := cmp.Diff([]forecast.Past{want}, h.Past(ends[0], ends[1])); diff != "" {
			t.Errorf("%v (-want +got)\n%s", ends, diff)
		}
	}
}

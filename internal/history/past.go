package history

import (
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
)

// Past are the moves as a forecast of one between two hosts, by their UUIDs, takes them: newest first.
func (h *History) Past(from, to string) []forecast.Past {
	var past []forecast.Past
	for _, e := range h.Entries {
		if e.Readable() && e.Figures != nil {
			past = append(past, e.past(from, to))
		}
	}
	return past
}

func (e Entry) past(from, to string) forecast.Past {
	f := e.Figures
	p := forecast.Past{
		Policy: e.Policy, Outcome: e.Verdict(),
		Duration:   time.Duration(f.DurationMS) * time.Millisecond,
		TotalBytes: f.MemoryTotalBytes, TransferredBytes: f.MemoryTransferredBytes, ConstantBytes: f.MemoryConstantBytes,
	}
	if e.Share > 0 { // it was no faster, whatever its policy says
		p.Policy.BandwidthMiBPerSecond = &e.Share
	}
	if from != "" && to != "" {
		p.SameHosts = e.From.UUID == from && e.To.UUID == to || e.From.UUID == to && e.To.UUID == from
	}
	for figure, value := range map[*int64]*int64{
		&p.Throttle: f.Throttle, &p.CompressedPages: f.CompressionPages, &p.CompressedTo: f.CompressionBytes,
		&p.CacheMisses: f.CompressionCacheMisses,
	} {
		if value != nil {
			*figure = *value
		}
	}
	if f.DowntimeMS != nil {
		p.Downtime = time.Duration(*f.DowntimeMS) * time.Millisecond
	}
	return p
}

// Verdict is how a move ended, in the words of a forecast; Unknown where that says nothing of the next: somebody
// cancelled it, it failed, nobody saw its end, or it copied disks first.
func (e Entry) Verdict() forecast.Verdict {
	f := e.Figures
	switch {
	case f == nil || f.DiskTotalBytes > 0:
	case e.Outcome == TimedOut || e.Outcome == NotConverged:
		return forecast.DoesNotEnd
	case e.Outcome != Completed:
	case e.Phase == "paused":
		return forecast.EndsWithPause
	case e.Phase == "post_copy":
		return forecast.NeedsPostCopy
	case e.Phase == "pre_copy" && f.Throttle != nil && *f.Throttle > 0:
		return forecast.EndsThrottled
	case e.Phase == "pre_copy":
		return forecast.Ends
	}
	return forecast.Unknown
}

package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// copying is the line of a move that copies disks.
func copying(p migration.Progress) string {
	m := p.Mirror
	var b strings.Builder
	fmt.Fprintf(&b, " %s of %s left%s", bytes(m.Remaining), bytes(m.Total), byDisk(m.Disks))
	if m.Rate > 0 {
		fmt.Fprintf(&b, ", copying %s", rate(m.Rate))
	}
	if m.WriteRate > 0 {
		fmt.Fprintf(&b, ", guest writes %s again", rate(m.WriteRate))
	}
	if p.Estimate != nil {
		fmt.Fprintf(&b, ", about %s to go before memory is sent", p.Estimate.Round(time.Second))
	}
	return b.String()
}

// byDisk says what is left of each disk, where that is known of several.
func byDisk(disks []migration.DiskCopy) string {
	if len(disks) == 0 {
		return ""
	}
	each := make([]string, len(disks))
	for i, d := range disks {
		switch {
		case d.Total == 0:
			each[i] = d.Target + " not begun"
		case d.Ready():
			each[i] = d.Target + " ready"
		default:
			each[i] = fmt.Sprintf("%s %s", d.Target, bytes(d.Total-min(d.Copied, d.Total)))
		}
	}
	return fmt.Sprintf(" (%s)", strings.Join(each, ", "))
}

// unready says that the copy of the disks did not get to its end.
func unready(f *migration.Failure) string {
	c := f.Course
	return sentences(fmt.Sprintf("%s %s after %s, because its disks were still being copied, and for %s no less was left "+
		"of them than ever before. No memory was sent.",
		subject(f.Outcome), decision(c), elapsed(c.Elapsed), limit(c.Policy, policy.FieldStallTimeout)),
		tried(f), measured(c.Figures), howEnded(f))
}

// mirrored says how far the copy of the disks had got, and at which rates.
func mirrored(m migration.MirrorFigures) string {
	text := fmt.Sprintf("Of the disks %s were copied and %s were left, %s at best",
		bytes(m.Copied), bytes(m.Remaining), bytes(m.Least))
	if m.Rate > 0 {
		text += fmt.Sprintf("; lately %s were copied", rate(m.Rate))
	}
	if m.Rate > 0 && m.WriteRate > 0 {
		text += fmt.Sprintf(" while the guest wrote %s again of what had been copied", rate(m.WriteRate))
	}
	return text + "."
}

// readiness says which fields would have let the copy of the disks end.
func readiness(e policy.Effective, f migration.Figures) []advice {
	var all []advice
	m := f.Mirror
	if !e.SynchronousWrites() && m.WriteRate > 0 {
		all = append(all, advice{policy.FieldSynchronousWrites, value(e, policy.FieldSynchronousWrites) +
			": true lets each write of the guest wait until it is on the destination, too, so that the guest cannot write " +
			"faster than the link."})
	}
	if limit := e.BandwidthMiBPerSecond; limit != nil && *limit > 0 && float64(m.Rate) >= usedUp*float64(*limit)*mib {
		all = append(all, advice{policy.FieldBandwidth, value(e, policy.FieldBandwidth) +
			" and was used up: it holds for each disk that is copied, and a higher limit, where the link has it, copies " +
			"faster."})
	}
	if m.Rate > m.WriteRate && e.Timeout() > 0 {
		takes := time.Duration(float64(m.Remaining) / float64(m.Rate-m.WriteRate) * float64(time.Second))
		all = append(all, advice{policy.FieldTimeout, fmt.Sprintf("%s: the rest of the disks would have taken about %s, "+
			"and memory comes after it.", value(e, policy.FieldTimeout), elapsed(takes))})
	}
	return all
}

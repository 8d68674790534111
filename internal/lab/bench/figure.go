package bench

import (
	"fmt"
	"slices"
)

// Figure is what the provider takes for some work, beside what something else takes for it.
type Figure struct {
	Row string `json:"row"`
	// What is the work, Against what stands beside it.
	What    string `json:"what"`
	Against string `json:"against"`
	// Ours and Theirs are in the unit: "s", "calls", "MiB".
	Ours   float64 `json:"ours"`
	Theirs float64 `json:"theirs"`
	Unit   string  `json:"unit"`
	// Ratio is Ours to Theirs; of pairs, the median of their ratios.
	Ratio float64 `json:"ratio"`
	// AtMost is the ratio to reach; 0 where a figure is there for comparison alone.
	AtMost float64 `json:"at_most,omitempty"`
	// VMs and Hosts are the size of the fleet, where the figure is a point of the chart.
	VMs   int `json:"vms,omitempty"`
	Hosts int `json:"hosts,omitempty"`
}

// Reached tells whether the ratio is what is wanted.
func (f Figure) Reached() bool { return f.AtMost == 0 || f.Ratio <= f.AtMost }

// pairs makes a figure of measurements that took turns.
func pairs(what, against, unit string, ours, theirs []float64, atMost float64) Figure {
	ratios := make([]float64, len(ours))
	for i := range ours {
		ratios[i] = ours[i] / theirs[i]
	}
	return Figure{
		What: what, Against: against, Unit: unit, AtMost: atMost,
		Ours: median(ours), Theirs: median(theirs), Ratio: median(ratios),
	}
}

// timed makes two figures of runs of Terraform that took turns: of the time, and of the CPU for comparison.
func timed(what, against string, ours, theirs []cost, atMost float64) []Figure {
	return []Figure{
		pairs(what, against, "s", seconds(ours), seconds(theirs), atMost),
		pairs(what+": CPU of Terraform and provider", against, "s", cpu(ours), cpu(theirs), 0),
	}
}

func seconds(costs []cost) []float64 { return each(costs, func(c cost) float64 { return c.Seconds }) }
func cpu(costs []cost) []float64     { return each(costs, func(c cost) float64 { return c.CPU }) }

func each[T any](measured []T, of func(T) float64) []float64 {
	values := make([]float64, len(measured))
	for i, m := range measured {
		values[i] = of(m)
	}
	return values
}

// single makes a figure of one measurement each.
func single(what, against, unit string, ours, theirs, atMost float64) Figure {
	return pairs(what, against, unit, []float64{ours}, []float64{theirs}, atMost)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// String is the line of the table.
func (f Figure) String() string {
	wanted := "-"
	if f.AtMost > 0 {
		wanted = fmt.Sprintf("<= %.3g", f.AtMost)
		if !f.Reached() {
			wanted += ", missed"
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %.2f | %s |",
		f.What, amount(f.Ours, f.Unit), f.Against, amount(f.Theirs, f.Unit), f.Ratio, wanted)
}

// amount is a number that is worth reading of a value.
func amount(value float64, unit string) string {
	switch {
	case unit == "calls" || unit == "logins" || value >= 100:
		return fmt.Sprintf("%.0f %s", value, unit)
	case value >= 1:
		return fmt.Sprintf("%.1f %s", value, unit)
	default:
		return fmt.Sprintf("%.3f %s", value, unit)
	}
}

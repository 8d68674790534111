package forecast

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// unlikely is the share of all courses that lie below an interval, and above it.
const unlikely = 0.05

// outlook is how a move may go: a course for each guess, with how likely it is.
type outlook []prospect

type prospect struct {
	course
	likelihood float64
}

func (m model) outlook(p policy.Effective, v view) outlook {
	o := make(outlook, len(m.belief))
	for i, g := range m.belief {
		o[i] = prospect{m.run(g, p, v), g.likelihood}
	}
	return o
}

// verdict is the likeliest.
func (o outlook) verdict() Verdict {
	shares := map[Verdict]float64{}
	for _, p := range o {
		shares[p.verdict] += p.likelihood
	}
	return slices.MaxFunc(Verdicts(), func(a, b Verdict) int { return cmp.Compare(shares[a], shares[b]) })
}

// median is that of a figure of the courses that end with a verdict.
func (o outlook) median(v Verdict, figure func(course) float64) float64 {
	return slices.DeleteFunc(slices.Clone(o), func(p prospect) bool { return p.verdict != v }).quantile(0.5, figure)
}

// quantile is what a figure is at most in a share of the courses.
func (o outlook) quantile(share float64, figure func(course) float64) float64 {
	sorted := slices.SortedStableFunc(slices.Values(o), func(a, b prospect) int {
		return cmp.Compare(figure(a.course), figure(b.course))
	})
	all := 0.0
	for _, p := range sorted {
		all += p.likelihood
	}
	sum := 0.0
	for _, p := range sorted {
		if sum += p.likelihood; sum >= share*all {
			return figure(p.course)
		}
	}
	return figure(sorted[len(sorted)-1].course)
}

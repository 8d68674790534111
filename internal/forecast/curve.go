package forecast

import (
	"cmp"
	"math"
	"slices"
)

const (
	mib = 1 << 20
	// samplesPerByte is how many pages QEMU samples: 512 of each GiB.
	samplesPerByte = 512.0 / (1 << 30)
	// plausible is how much worse than the best fit one may be, in χ², to count nine times of ten.
	plausible = 2.7
	// deviations is how many standard deviations hold a figure nine times of ten.
	deviations = 1.64
)

// curve is how many distinct bytes a guest dirties in a time. It is concave: a guest that goes over its working set
// again and again dirties nothing new after a while. Which bent line it is can only be guessed from few samples, so
// that it is all that fit.
type curve struct {
	fits []bentLine
	// spread is what the samples leave open of the height, as a share of it.
	spread float64
	memory float64
}

// bentLine goes up fast for knee seconds, and slow from then on, in bytes per second.
type bentLine struct{ knee, fast, slow, misfit, prior float64 }

func (l bentLine) at(seconds float64) float64 {
	return l.fast*min(seconds, l.knee) + l.slow*max(0, seconds-l.knee)
}

// weight is how likely the line is, beside the others.
func (l bentLine) weight() float64 { return l.prior * math.Exp(-l.misfit/2) }

// knees are where a line may bend, in seconds. No second is likelier than another, so that one counts for the time up
// to it from the one before: nothing that is shorter than the first window can be told by the samples.
var knees = []float64{0.125, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8}

// point is a sample with its standard deviation.
type point struct{ seconds, bytes, sd float64 }

// fit is the curve of a measurement.
func fit(m Measurement) curve {
	c := curve{memory: float64(m.MemoryBytes)}
	var points []point
	certainty, longest := 0.0, 0.0
	for _, s := range m.Samples {
		p := sampled(s, c.memory)
		points = append(points, p)
		certainty += (p.bytes / p.sd) * (p.bytes / p.sd)
		longest = max(longest, p.seconds)
	}
	if len(points) == 0 {
		return c
	}
	c.spread = min(1, deviations/math.Sqrt(certainty))
	previous := 0.0
	for _, knee := range knees {
		if l := bend(points, knee); knee <= longest && l.slow < l.fast {
			l.prior = knee - previous
			c.fits = append(c.fits, l)
		}
		previous = knee
	}
	// What comes after the longest window is not known: it may be nothing, or more of the same.
	straight := bend(points, longest)
	straight.slow, straight.prior = straight.fast, longest/4
	c.fits = append(c.fits, straight)
	best := math.Inf(1)
	for _, l := range c.fits {
		best = min(best, l.misfit)
	}
	for i := range c.fits {
		c.fits[i].misfit -= best
	}
	return c
}

// sampled is a sample with what is not known of it: the luck of the draw, and what was rounded off.
func sampled(s Sample, memory float64) point {
	seconds := float64(s.WindowMS) / 1000
	rounded := 0.5 * mib
	if s.Rate == 0 {
		rounded /= 2
	}
	bytes := min(memory, (float64(s.Rate)+rounded)*seconds)
	n := max(1, memory*samplesPerByte)
	share := min(max(bytes/memory, 0.5/n), 1-0.5/n)
	return point{seconds, bytes, math.Hypot(memory*math.Sqrt(share*(1-share)/n), rounded*seconds/math.Sqrt(3))}
}

// bend is the line with a knee that fits best, by weighted least squares, with 0 <= slow <= fast.
func bend(points []point, knee float64) bentLine {
	var xx, xz, zz, xy, zy float64
	for _, p := range points {
		w := 1 / (p.sd * p.sd)
		x, z := min(p.seconds, knee), max(0, p.seconds-knee)
		xx, xz, zz = xx+w*x*x, xz+w*x*z, zz+w*z*z
		xy, zy = xy+w*x*p.bytes, zy+w*z*p.bytes
	}
	l := bentLine{knee: knee}
	if determinant := xx*zz - xz*xz; determinant > 1e-9*xx*zz && zz > 0 {
		l.fast, l.slow = (xy*zz-zy*xz)/determinant, (zy*xx-xy*xz)/determinant
	} else {
		l.fast = xy / xx
	}
	switch {
	case l.slow < 0:
		l.fast, l.slow = xy/xx, 0
	case l.slow > l.fast: // a straight line
		l.fast = (xy + zy) / (xx + 2*xz + zz)
		l.slow = l.fast
	}
	for _, p := range points {
		off := (l.at(p.seconds) - p.bytes) / p.sd
		l.misfit += off * off
	}
	return l
}

// at is how much is dirtied in a time, in seconds.
func (c curve) at(seconds float64) Interval {
	if len(c.fits) == 0 {
		return Interval{0, c.memory, c.memory}
	}
	low, high, weights := math.Inf(1), 0.0, 0.0
	for _, l := range c.fits {
		weights += l.weight()
		if l.misfit <= plausible {
			low, high = min(low, l.at(seconds)), max(high, l.at(seconds))
		}
	}
	// The median: one line that goes up steeply and fits as well as all others says little.
	lines := slices.SortedFunc(slices.Values(c.fits), func(a, b bentLine) int {
		return cmp.Compare(a.at(seconds), b.at(seconds))
	})
	expected := 0.0
	for _, l := range lines {
		expected = l.at(seconds)
		if weights -= 2 * l.weight(); weights <= 0 {
			break
		}
	}
	return Interval{
		min(c.memory, expected, low*(1-c.spread)), min(c.memory, expected),
		min(c.memory, max(expected, high*(1+c.spread))),
	}
}

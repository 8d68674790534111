package forecast

import "math"

const (
	// samplesPerByte is how many pages QEMU samples: 512 of each GiB.
	samplesPerByte = 512.0 / (1 << 30)
	// surprise is how likely a sample is that nothing explains: a guest may do something else for a moment.
	surprise = 0.001
	// unlike is how far a guest is from any line, as a share: the standard deviation.
	unlike = 0.08
)

// counts are how many pages may have changed where QEMU gives a rate.
type counts struct {
	memory, looked float64
	all            []count
}

// count is a number of pages, in how many ways they may be drawn, as a power of e, and how likely it is that it is
// rounded to this rate.
type count struct{ pages, ways, rounded float64 }

// counts are those of the sample: QEMU counts the pages that have changed, and gives whole MiB/s, rounded down.
func (s Sample) counts(memory float64) counts {
	c := counts{memory: memory, looked: max(1, math.Round(memory*samplesPerByte))}
	counted := func(rate float64) float64 { return rate * float64(s.WindowMS) / 1000 / memory * c.looked }
	from, to := counted(float64(s.Rate)), min(c.looked, counted(float64(s.Rate)+mib))
	for pages := math.Ceil(from); pages <= to; pages++ {
		rounded := 1.0
		// On the edge it may come to the rate beside this one as well: a window is a little longer than it should be.
		if pages == from && pages > 0 || pages == to && pages < c.looked {
			rounded /= 2
		}
		ways := logFactorial(c.looked) - logFactorial(pages) - logFactorial(c.looked-pages)
		c.all = append(c.all, count{pages, ways, rounded})
	}
	return c
}

// luck is how likely the sample is, if the guest dirties about so many distinct bytes in its window. Many samples tell
// more closely how much was dirtied than a line tells how much it is.
func (c counts) luck(dirtied float64) float64 {
	share := c.share(dirtied)
	sampled := 1 / (c.looked * share)
	return surprise + (1-surprise)*math.Pow(c.draw(share), sampled/(sampled+unlike*unlike))
}

// share is what share of all pages has changed: neither none nor all is certain.
func (c counts) share(dirtied float64) float64 {
	return min(max(dirtied/c.memory, 0.1/c.looked), 1-0.1/c.looked)
}

// draw is how likely it is that of the pages that QEMU looks at so many have changed.
func (c counts) draw(share float64) float64 {
	changed, same := math.Log(share), math.Log(1-share)
	drawn := 0.0
	for _, n := range c.all {
		drawn += n.rounded * math.Exp(n.ways+n.pages*changed+(c.looked-n.pages)*same)
	}
	return drawn
}

func logFactorial(n float64) float64 {
	l, _ := math.Lgamma(n + 1)
	return l
}

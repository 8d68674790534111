package migration

import (
	"math"
	"testing"
	"time"
)

func TestTrend(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		boundaries []uint64
		share      float64 // 0 is not known
		hopeless   bool
	}{
		"none":                      {nil, 0, false},
		"too few":                   {[]uint64{100, 50}, 0, false},
		"halved each pass":          {[]uint64{400, 200, 100}, 0.5, false},
		"only the last ones count":  {[]uint64{9, 9, 400, 200, 100}, 0.5, false},
		"one bad pass among good":   {[]uint64{400, 100, 100}, 0.5, false},
		"the same each pass":        {[]uint64{100, 100, 100}, 1, true},
		"more each pass":            {[]uint64{100, 200, 400}, 2, true},
		"less, within the noise":    {[]uint64{100, 99, 98}, math.Sqrt(0.98), true},
		"a little less each pass":   {[]uint64{10000, 9400, 8836}, 0.94, false},
		"hardly less each pass":     {[]uint64{10000, 9600, 9216}, 0.96, true},
		"nothing remained long ago": {[]uint64{0, 1, 2}, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tr trend
			for _, remaining := range test.boundaries {
				tr.add(remaining)
			}
			share, known := tr.share()
			if known != (test.share != 0) || math.Abs(share-test.share) > 1e-9 {
				t.Errorf("share %v (known %t), want %v", share, known, test.share)
			}
			if tr.hopeless() != test.hopeless {
				t.Errorf("hopeless %t", tr.hopeless())
			}
		})
	}
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	job := Job{Iteration: 4, MemoryRemaining: 100, MemoryBandwidth: 20, DirtyRate: 20}
	halving, level := trend{800, 400, 200}, trend{200, 200, 200}
	tests := map[string]struct {
		phase Phase
		job   Job
		trend trend
		want  time.Duration // 0 is none
	}{
		"what remains and a last pass of each half": {PhasePreCopy, job, halving, 15 * time.Second},
		"no less from pass to pass":                 {PhasePreCopy, job, level, 0},
		"too few passes":                            {PhasePreCopy, job, nil, 0},
		"the guest is paused":                       {PhasePaused, job, level, 5 * time.Second},
		"the guest runs elsewhere":                  {PhasePostCopy, job, nil, 5 * time.Second},
		"nothing is sent":                           {PhasePreCopy, Job{Iteration: 4, MemoryRemaining: 100}, halving, 0},
		"a day and more is no estimate":             {PhasePaused, Job{MemoryRemaining: 86400, MemoryBandwidth: 1}, nil, 0},
		"nearly a day is one":                       {PhasePaused, Job{MemoryRemaining: 86399, MemoryBandwidth: 1}, nil, 86399 * time.Second},
		"a link that is nearly dead":                {PhasePostCopy, Job{MemoryRemaining: 200 << 30, MemoryBandwidth: 20}, nil, 0},
		"more than a number can be":                 {PhasePostCopy, Job{MemoryRemaining: math.MaxUint64, MemoryBandwidth: 1}, nil, 0},
		"it is being cancelled":                     {PhaseCancelling, job, halving, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := estimate(test.phase, test.job, test.trend)
			switch {
			case got == nil && test.want != 0:
				t.Errorf("none, want %s", test.want)
			case got != nil && *got != test.want:
				t.Errorf("%s, want %s", *got, test.want)
			}
		})
	}
}

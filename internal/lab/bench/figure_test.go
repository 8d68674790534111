package bench

import (
	"math"
	"testing"
)

func TestPairsTakeTheMedianOfRatios(t *testing.T) {
	t.Parallel()
	// The machine was busy in the second round, which hit both.
	f := pairs("plan", "the empty provider", "s", []float64{1, 30, 2}, []float64{4, 60, 4}, 0.5)
	if f.Ours != 2 || f.Theirs != 4 || f.Ratio != 0.5 || !f.Reached() {
		t.Errorf("%+v", f)
	}
	if f.Ratio = 0.51; f.Reached() {
		t.Error("a ratio above the limit has reached it")
	}
	if even := median([]float64{4, 1, 3, 2}); math.Abs(even-2.5) > 1e-9 {
		t.Errorf("median %v", even)
	}
}

func TestFigureSaysWhatItMissed(t *testing.T) {
	t.Parallel()
	f := single("plan", "the empty provider", "s", 10.94, 0.5, 0.5)
	const want = "| plan | 10.9 s | the empty provider | 0.500 s | 21.88 | <= 0.5, missed |"
	if f.String() != want {
		t.Errorf("got  %s\nwant %s", f, want)
	}
}

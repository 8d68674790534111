package report

import "testing"

func TestFeels(t *testing.T) {
	t.Parallel()
	sample := func(at int64, phase string, throttle *int64) Sample {
		return Sample{ElapsedMS: at, Phase: phase, Throttle: throttle}
	}
	tests := map[string]struct {
		samples []Sample
		want    Guest
	}{
		"never seen":                       {},
		"seen once":                        {samples: []Sample{sample(100, "pre_copy", new(int64(99)))}},
		"not throttled":                    {samples: []Sample{sample(0, "pre_copy", nil), sample(5000, "pre_copy", nil)}},
		"throttled more and more":          {samples: []Sample{sample(0, "pre_copy", new(int64(20))), sample(1000, "pre_copy", new(int64(50))), sample(3000, "pre_copy", new(int64(99)))}, want: Guest{ThrottleLossMS: 1200}},
		"a guest that is paused has none":  {samples: []Sample{sample(0, "pre_copy", nil), sample(1000, "paused", new(int64(99))), sample(1800, "paused", new(int64(99)))}, want: Guest{PausedMS: 800}},
		"paused after it was throttled":    {samples: []Sample{sample(0, "pre_copy", new(int64(50))), sample(1000, "paused", nil), sample(1500, "verifying", nil)}, want: Guest{PausedMS: 500, ThrottleLossMS: 500}},
		"throttle and no throttle in turn": {samples: []Sample{sample(0, "pre_copy", new(int64(10))), sample(100, "pre_copy", nil), sample(9000, "pre_copy", new(int64(10)))}, want: Guest{ThrottleLossMS: 10}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := feels(test.samples); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

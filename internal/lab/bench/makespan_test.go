package bench

import "testing"

func TestShortest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		moves  []lone
		places int
		want   float64
	}{
		"nothing":                    {nil, 2, 0},
		"the link decides":           {[]lone{{30, 4}, {30, 4}, {30, 4}}, 2, 9},
		"the places decide":          {[]lone{{10, 4}, {10, 4}, {10, 4}}, 2, 6},
		"one place":                  {[]lone{{10, 4}, {10, 4}, {10, 4}}, 1, 12},
		"the longest move decides":   {[]lone{{10, 20}, {10, 4}, {10, 4}}, 2, 20},
		"fewer moves than places":    {[]lone{{10, 4}, {10, 5}}, 4, 5},
		"of unlike moves, all bytes": {[]lone{{50, 6}, {10, 2}, {40, 5}}, 3, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := shortest(test.moves, 10, test.places); got != test.want {
				t.Errorf("got %v s, want %v s", got, test.want)
			}
		})
	}
}

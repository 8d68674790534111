package lab

import (
	"testing"
	"time"
)

func TestFeel(t *testing.T) {
	t.Parallel()
	const lasted = 10 * time.Second
	tests := map[string]struct {
		undisturbed, disturbed Record
		want                   Felt
	}{
		"nothing": {Record{DirtyRate: 100}, Record{DirtyRate: 100, LongestGap: BeatPeriod}, Felt{}},
		"a pause": {Record{DirtyRate: 100}, Record{DirtyRate: 100, LongestGap: 3 * BeatPeriod}, Felt{Blackout: 2 * BeatPeriod}},
		"a quarter of its work": {
			Record{DirtyRate: 100}, Record{DirtyRate: 75, LongestGap: BeatPeriod}, Felt{Lost: lasted / 4},
		},
		"faster than before":       {Record{DirtyRate: 100}, Record{DirtyRate: 120}, Felt{}},
		"a guest that has no load": {Record{}, Record{LongestGap: 2 * BeatPeriod}, Felt{Blackout: BeatPeriod}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := feel(test.undisturbed, test.disturbed, lasted); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

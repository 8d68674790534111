package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAssessTellsPausesLossAndTwins(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	// at is a beat that arrived some tenths of a second after the start.
	at := func(tenths int, sequence uint64, guest time.Duration) Beat {
		return Beat{Arrived: start.Add(time.Duration(tenths) * BeatPeriod), Sequence: sequence, Guest: guest, PagesTouched: sequence * 1000}
	}
	tests := map[string]struct {
		beats []Beat
		want  Record
	}{
		"silent": {want: Record{LongestGap: time.Second}},
		"regular": {
			beats: []Beat{at(1, 7, 700), at(4, 8, 800), at(8, 9, 900)},
			want:  Record{Beats: 3, LongestGap: 4 * BeatPeriod, LongestGuestGap: 100, DirtyRate: 2000 * 4096 / 0.7},
		},
		"stopped early": {
			beats: []Beat{at(0, 7, 700), at(1, 8, 800)},
			want:  Record{Beats: 2, LongestGap: 9 * BeatPeriod, LongestGuestGap: 100, DirtyRate: 1000 * 4096 / 0.1},
		},
		"started late": {
			beats: []Beat{at(9, 7, 700)},
			want:  Record{Beats: 1, LongestGap: 9 * BeatPeriod},
		},
		"lost": {
			beats: []Beat{at(2, 7, 700), at(6, 10, 1000)},
			want:  Record{Beats: 2, LongestGap: 4 * BeatPeriod, LongestGuestGap: 300, Lost: []uint64{8, 9}, DirtyRate: 3000 * 4096 / 0.4},
		},
		"twins": {
			beats: []Beat{at(2, 7, 700), at(4, 8, 800), at(6, 8, 800), at(8, 9, 900)},
			want:  Record{Beats: 4, LongestGap: 2 * BeatPeriod, LongestGuestGap: 100, Repeated: []uint64{8}, DirtyRate: 2000 * 4096 / 0.6},
		},
		"back in time": {
			beats: []Beat{at(2, 7, 700), at(4, 8, 800), at(6, 5, 500), at(8, 6, 600)},
			want:  Record{Beats: 4, LongestGap: 2 * BeatPeriod, LongestGuestGap: 100, Repeated: []uint64{5, 6}, DirtyRate: -1000 * 4096 / 0.6},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := assess(test.beats, start, start.Add(time.Second))
			near := cmp.Comparer(func(a, b float64) bool { return a-b < 1 && b-a < 1 })
			if diff := cmp.Diff(test.want, got, near); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPulseReadsTheConsoleWhateverThePieces(t *testing.T) {
	t.Parallel()
	const console = "[    0.1] Linux\r\nbeat 0 100 0\r\nready\r\nbeat 1 200 50\r\nnoise beat 9 9 9\r\nbeat 2 300"
	arrived := time.Unix(1000, 0)
	want := []Beat{{Arrived: arrived, Guest: 100}, {Arrived: arrived, Sequence: 1, Guest: 200, PagesTouched: 50}}
	for size := 1; size <= len(console); size++ {
		pulse := &Pulse{changed: make(chan struct{})}
		for rest := console; rest != ""; {
			piece := rest[:min(size, len(rest))]
			rest = rest[len(piece):]
			pulse.take([]byte(piece), arrived)
		}
		if diff := cmp.Diff(want, pulse.Beats()); diff != "" {
			t.Fatalf("pieces of %d bytes: beats (-want +got):\n%s", size, diff)
		}
		if !pulse.ready || pulse.Failure() != nil {
			t.Fatalf("pieces of %d bytes: ready %v, failure %v", size, pulse.ready, pulse.Failure())
		}
	}
}

func TestPulseTellsAKernelPanic(t *testing.T) {
	t.Parallel()
	pulse := &Pulse{changed: make(chan struct{})}
	pulse.take([]byte("[   12.3] Kernel panic - not syncing: Fatal exception\n"), time.Now())
	if err := pulse.Failure(); err == nil || !strings.Contains(err.Error(), "Kernel panic") {
		t.Errorf("failure %v, want the panic", err)
	}
	if _, err := pulse.NextBeat(t.Context()); err == nil {
		t.Error("a panicked guest was waited for")
	}
}

package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestDraw: of all rates that QEMU may give one is certain to be given, and the likeliest is about what is dirtied.
func TestDraw(t *testing.T) {
	t.Parallel()
	const memory, dirtied = 256 * mib, 64 * mib
	for _, window := range []int64{1000, 2000, 8000} {
		all, likeliest, rate := 0.0, 0.0, 0
		for r := range 257 {
			s := Sample{WindowMS: window, Rate: uint64(r) * mib}
			c := s.counts(memory)
			drawn := c.draw(c.share(dirtied))
			if all += drawn; drawn > likeliest {
				likeliest, rate = drawn, r
			}
		}
		if math.Abs(all-1) > 0.01 {
			t.Errorf("window of %d ms: all rates together are %.3f likely", window, all)
		}
		if dirtiedThen := (float64(rate) + 0.5) * float64(window) / 1000; math.Abs(dirtiedThen-64) > float64(window)/1000 {
			t.Errorf("window of %d ms: the likeliest rate is %d MiB/s", window, rate)
		}
	}
}

// TestBelieve: what is measured of a guest with many samples leaves little doubt of its line.
func TestBelieve(t *testing.T) {
	t.Parallel()
	const memory = 16384.0
	truth := line{knee: 4, fast: 400 * mib}
	r := rand.New(rand.NewPCG(14, 3))
	m := Measurement{MemoryBytes: memory * mib}
	for _, seconds := range []int64{1, 2, 4, 8} {
		dirtied, changed := truth.at(float64(seconds))/mib, 0
		for range int(memory / 2) { // one of 512 pages
			if r.Float64() < dirtied/memory {
				changed++
			}
		}
		m.Samples = append(m.Samples, Sample{WindowMS: seconds * 1000, Rate: uint64(2*changed/int(seconds)) * mib})
	}
	b := believe(m)
	for _, seconds := range []float64{0.5, 1, 3, 8} {
		near, want := 0.0, truth.at(seconds)
		for _, g := range b {
			if math.Abs(g.at(seconds)/want-1) < 0.15 {
				near += g.likelihood
			}
		}
		if near < 0.8 {
			t.Errorf("what is dirtied in %.1f s is %.0f %% likely to be within 15 %% of the truth", seconds, 100*near)
		}
	}
}

// TestLearn: how an earlier move went decides between guesses that the samples leave open.
func TestLearn(t *testing.T) {
	t.Parallel()
	m := model{
		memory: 256 * mib, setUp: setUp, first: Exactly(100 * mib), link: paced(16 * mib), resend: Exactly(1),
		belief: belief{
			{line: line{knee: 2, fast: 4 * mib}, likelihood: 0.5}, {line: line{knee: 2, fast: 12 * mib}, likelihood: 0.5},
		},
	}
	p := limitedTo(16)
	moved := m.run(m.belief[1], p, expected)
	past := Past{Policy: p, Outcome: moved.verdict, Duration: 1, TransferredBytes: uint64(moved.bytes)}
	if moves := m.learn(Facts{Past: []Past{past, {Outcome: Unknown}}}); moves != 1 {
		t.Errorf("learnt of %d moves", moves)
	}
	if likeliest := m.belief[0]; likeliest.fast != 12*mib || likeliest.likelihood < 0.9 {
		t.Errorf("the likeliest guess is %+v", likeliest)
	}
}

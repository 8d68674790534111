package forecast_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

const mib = 1 << 20

// effective is a policy of a run over the built-in defaults.
func effective(run policy.Policy) policy.Effective { return policy.Resolve(policy.Levels{Run: run}) }

// guest is a measurement of one that goes over a working set of hot MiB again and again, at a rate in MiB/s.
func guest(memory, hot, rate float64) *forecast.Measurement {
	m := forecast.Measurement{MemoryBytes: uint64(memory * mib), ResidentBytes: uint64((memory/2 + 80) * mib), Busy: 1}
	for _, window := range forecast.Windows(15 * time.Second) {
		dirtied := min(hot, rate*window.Seconds())
		m.Samples = append(m.Samples, forecast.Sample{
			WindowMS: window.Milliseconds(), Rate: uint64(dirtied/window.Seconds()) * mib,
		})
	}
	return &m
}

func limited(mibPerSecond int64) policy.Policy {
	return policy.Policy{BandwidthMiBPerSecond: new(mibPerSecond)}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	with := func(p policy.Policy, change func(*policy.Policy)) policy.Policy {
		change(&p)
		return p
	}
	compressed := []forecast.Past{{
		Policy: effective(with(limited(64), func(p *policy.Policy) { p.Compression = new(true) })), SameHosts: true, Outcome: forecast.Ends,
		Duration: 10 * time.Second, TotalBytes: 4096 * mib, TransferredBytes: 2100 * mib, ConstantBytes: 2048 * mib,
		CompressedPages: 10000, CompressedTo: 10000 * 40,
	}}
	for _, test := range []struct {
		name    string
		facts   forecast.Facts
		verdict forecast.Verdict
		missing []forecast.Missing
	}{
		{"an idle guest", forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 0, 0)}, forecast.Ends, nil},
		{
			"a working set that fits into the downtime, however fast",
			forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 4, 200)},
			forecast.Ends, nil,
		},
		{
			"a guest that dirties faster than the link carries",
			forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 512, 128)},
			forecast.DoesNotEnd, nil,
		},
		{
			"the same, throttled",
			forecast.Facts{
				Policy:   effective(with(limited(64), func(p *policy.Policy) { p.AutoConverge = new(true) })),
				Measured: guest(4096, 512, 128),
			},
			forecast.EndsThrottled, nil,
		},
		{
			"the same, paused",
			forecast.Facts{
				Policy:   effective(with(limited(64), func(p *policy.Policy) { p.OnTimeout = new(policy.Pause) })),
				Measured: guest(4096, 512, 128),
			},
			forecast.EndsWithPause, nil,
		},
		{
			"the same, with post-copy",
			forecast.Facts{
				Policy: effective(with(limited(64), func(p *policy.Policy) {
					p.OnTimeout, p.PostCopy = new(policy.SwitchToPostCopy), new(true)
				})),
				Measured: guest(4096, 512, 128),
			},
			forecast.NeedsPostCopy, nil,
		},
		{
			"the same, compressed, as far as nobody knows how well",
			forecast.Facts{
				Policy: effective(with(limited(64), func(p *policy.Policy) {
					p.Compression, p.CompressionCacheMiB = new(true), new(int64(2048))
				})),
				Measured: guest(4096, 512, 128),
			},
			forecast.Unknown,
			[]forecast.Missing{forecast.MissingCompressibility},
		},
		{
			"the same, compressed as earlier",
			forecast.Facts{
				Policy: effective(with(limited(64), func(p *policy.Policy) {
					p.Compression, p.CompressionCacheMiB = new(true), new(int64(2048))
				})),
				Measured: guest(4096, 512, 128), Past: compressed,
			},
			forecast.Ends, nil,
		},
		{
			"a link that nobody knows",
			forecast.Facts{Policy: effective(policy.Policy{}), Measured: guest(4096, 0, 0)},
			forecast.Unknown,
			[]forecast.Missing{forecast.MissingLink},
		},
		{
			"nothing at all",
			forecast.Facts{Policy: effective(policy.Policy{}), MemoryBytes: 4096 * mib},
			forecast.Unknown,
			[]forecast.Missing{forecast.MissingMeasurement, forecast.MissingLink},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			made := forecast.Of(test.facts)
			if made.Verdict != test.verdict {
				t.Errorf("verdict %s, want %s (%s)", made.Verdict, test.verdict, text(t, made))
			}
			if diff := cmp.Diff(test.missing, made.Missing); diff != "" {
				t.Errorf("missing (-want +got)\n%s", diff)
			}
			if (made.Verdict == forecast.Unknown) != (made.DurationMS == nil) {
				t.Errorf("there are figures exactly where the verdict is known: %s", text(t, made))
			}
		})
	}
}

func text(t *testing.T, made forecast.Forecast) string {
	t.Helper()
	document, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// TestOnePass: what an idle guest takes is known exactly, but for the set-up and for what its memory holds.
func TestOnePass(t *testing.T) {
	t.Parallel()
	past := []forecast.Past{{Outcome: forecast.Ends, TotalBytes: 4096 * mib, ConstantBytes: 3072 * mib}}
	made := forecast.Of(forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 0, 0), Past: past})
	if seconds := made.DurationMS.Expected / 1000; math.Abs(seconds-1024.0/64) > 1.5 {
		t.Errorf("1024 MiB over 64 MiB/s take %.1f s", seconds)
	}
	if sent := made.MemoryBytes.Expected / mib; sent < 1024 || sent > 1100 {
		t.Errorf("of 1024 MiB %.0f MiB are sent", sent)
	}
}

// TestLinkByHistory: without a limit the link is what earlier moves between the same hosts reached, and no other moves.
func TestLinkByHistory(t *testing.T) {
	t.Parallel()
	unlimited := effective(policy.Policy{})
	facts := forecast.Facts{Policy: unlimited, Measured: guest(4096, 0, 0), Past: []forecast.Past{{
		Policy: unlimited, SameHosts: true, Outcome: forecast.Ends, Duration: 11 * time.Second, TransferredBytes: 1000 * mib,
		TotalBytes: 4096 * mib, ConstantBytes: 3096 * mib,
	}}}
	made := forecast.Of(facts)
	if made.Verdict != forecast.Ends || math.Abs(made.DurationMS.Expected-11000) > 500 || !made.DurationMS.Holds(13000) {
		t.Errorf("1000 MiB over 100 MiB/s: %s", text(t, made))
	}
	facts.Policy = effective(limited(400)) // more than the link carries
	if made := forecast.Of(facts); math.Abs(made.DurationMS.Expected-10000) > 1000 {
		t.Errorf("with a limit beyond the link: %s", text(t, made))
	}
	facts.Policy, facts.Past[0].SameHosts = unlimited, false
	if made := forecast.Of(facts); made.Verdict != forecast.Unknown {
		t.Errorf("between other hosts: %s", text(t, made))
	}
}

// TestSlowerThanItsLimit: what moves reached whose limit is beyond the link is what the next one will.
func TestSlowerThanItsLimit(t *testing.T) {
	t.Parallel()
	facts := forecast.Facts{Policy: effective(limited(1000)), Measured: guest(4096, 0, 0), Past: []forecast.Past{{
		Policy: effective(limited(1000)), SameHosts: true, Outcome: forecast.Ends, Duration: 20 * time.Second,
		TransferredBytes: 2000 * mib, TotalBytes: 4096 * mib, ConstantBytes: 2096 * mib,
	}}}
	if made := forecast.Of(facts); math.Abs(made.DurationMS.Expected-20000) > 1000 || !made.DurationMS.Holds(20000) {
		t.Errorf("2000 MiB over 100 MiB/s: %s", text(t, made))
	}
}

// TestThrottleSteps: QEMU throttles at the second pass in which more than half of what is sent is dirtied, and adds
// to it at each second one from then on.
func TestThrottleSteps(t *testing.T) {
	t.Parallel()
	p := limited(64)
	p.AutoConverge, p.AutoConvergeInitial, p.AutoConvergeIncrement = new(true), new(int64(30)), new(int64(25))
	made := forecast.Of(forecast.Facts{Policy: effective(p), Measured: guest(1024, 512, 200)})
	if made.Verdict != forecast.EndsThrottled {
		t.Fatal(text(t, made))
	}
	if highest := made.ThrottlePercent.Expected; highest != 80 && highest != 99 {
		t.Errorf("throttle of %.0f %%, want one of 30, 55, 80 and 99 that brings 200 MiB/s below 64", highest)
	}
}

// random are facts of any guest and policy, of which the link and the compressibility are known.
func random(r *rand.Rand) forecast.Facts {
	memory := math.Exp2(8 + 6*r.Float64())
	p := limited(8 << r.IntN(6))
	for _, s := range []**bool{&p.AutoConverge, &p.Compression, &p.PostCopy} {
		*s = new(r.IntN(2) == 0)
	}
	actions := policy.OnTimeouts()
	if !*p.PostCopy {
		actions = []policy.OnTimeout{policy.Abort, policy.Pause}
	}
	p.OnTimeout = new(actions[r.IntN(len(actions))])
	p.Timeout, p.StallTimeout = new(time.Duration(r.IntN(600))*time.Second), new(time.Duration(r.IntN(60))*time.Second)
	p.MaxDowntimeMS = new(1 + r.Int64N(2000))
	measured := guest(memory, memory*r.Float64(), 400*r.Float64())
	measured.Busy = r.Float64()
	for i := range measured.Samples { // as unlucky as samples may be
		measured.Samples[i].Rate = uint64(float64(measured.Samples[i].Rate) * (0.5 + r.Float64()))
	}
	return forecast.Facts{Policy: effective(p), Measured: measured, Past: []forecast.Past{{
		Policy: effective(p), Outcome: forecast.Ends, TotalBytes: uint64(memory * mib), ConstantBytes: uint64(memory * mib / 2),
		CompressedPages: 1000, CompressedTo: 4096 * r.Int64N(1000),
	}}}
}

// TestIntervalsHold: every figure of every forecast lies between its bounds, none is negative, infinite or no number,
// and each forecast is read back as it was written.
func TestIntervalsHold(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(14, 1))
	for range 60 {
		facts := random(r)
		made := forecast.Of(facts)
		if made.Verdict == forecast.Unknown {
			t.Fatal("all is known")
		}
		for _, i := range []*forecast.Interval{made.DurationMS, made.DowntimeMS, made.MemoryBytes, made.ThrottlePercent} {
			if !(0 <= i.Low && i.Low <= i.Expected && i.Expected <= i.High && i.High < 1e15) {
				t.Fatalf("%v in %s", *i, text(t, made))
			}
		}
		if made.DurationMS.High > 24*3600*1000+1 {
			t.Fatalf("longer than a day: %s", text(t, made))
		}
		var read forecast.Forecast
		if err := json.Unmarshal([]byte(text(t, made)), &read); err != nil || text(t, read) != text(t, made) {
			t.Fatalf("%v: %s became %s", err, text(t, made), text(t, read))
		}
	}
}

// TestMoreBandwidthIsNeverLonger: a move that ends by itself is no slower over a faster link, and still ends.
func TestMoreBandwidthIsNeverLonger(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(14, 2))
	compared := 0
	for range 100 {
		facts := random(r)
		facts.Policy.Policy.AutoConverge, facts.Policy.Policy.Compression = new(false), new(false)
		slow := forecast.Of(facts)
		facts.Policy.Policy.BandwidthMiBPerSecond = new(2 * *facts.Policy.BandwidthMiBPerSecond)
		fast := forecast.Of(facts)
		if slow.Verdict != forecast.Ends {
			continue
		}
		compared++
		if fast.Verdict != forecast.Ends || fast.DurationMS.Expected > slow.DurationMS.Expected*1.001 {
			t.Fatalf("%s, and with twice the bandwidth %s", text(t, slow), text(t, fast))
		}
	}
	if compared < 10 {
		t.Errorf("only %d of the moves end by themselves", compared)
	}
}

// TestCorrection: moves that took longer to begin make the next one longer, the more of them there are, and never by
// more than they took.
func TestCorrection(t *testing.T) {
	t.Parallel()
	const slow = 4000 // ms
	facts := forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 0, 0)}
	plain := forecast.Of(facts).DurationMS.Expected
	before := plain
	for n := 1; n <= 10; n++ {
		facts.Past = append(facts.Past, forecast.Past{
			Policy: facts.Policy, Outcome: forecast.Ends, TransferredBytes: 640 * mib,
			Duration: (10000 + slow) * time.Millisecond,
		})
		made := forecast.Of(facts)
		if now := made.DurationMS.Expected; now <= before || now >= plain+slow {
			t.Errorf("%d moves that took 4 s to begin: %.0f ms, before %.0f ms", n, now, before)
		} else {
			before = now
		}
		if made.Corrected != n || !made.DurationMS.Holds(plain) {
			t.Errorf("corrected by %d, %v", made.Corrected, *made.DurationMS)
		}
	}
}

// TestByHistory: without a measurement, moves under the same policy between the same hosts are what is known.
func TestByHistory(t *testing.T) {
	t.Parallel()
	p := effective(limited(64))
	past := func(took time.Duration, same bool) forecast.Past {
		return forecast.Past{
			Policy: p, SameHosts: same, Outcome: forecast.Ends, Duration: took, TransferredBytes: 100 * mib,
		}
	}
	made := forecast.Of(forecast.Facts{Policy: p, Past: []forecast.Past{past(4*time.Second, true), past(9*time.Second, true), past(5*time.Second, true), past(time.Minute, false)}})
	want := forecast.Forecast{
		Verdict: forecast.Ends, Basis: forecast.ByHistory, DurationMS: &forecast.Interval{Low: 4000, Expected: 5000, High: 9000},
		DowntimeMS: &forecast.Interval{}, MemoryBytes: new(forecast.Exactly(100 * mib)), ThrottlePercent: &forecast.Interval{},
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	switched := past(time.Second, true)
	switched.Outcome = forecast.NeedsPostCopy
	made = forecast.Of(forecast.Facts{Policy: p, Past: []forecast.Past{switched}})
	if made.Verdict != forecast.NeedsPostCopy || made.DowntimeMS.Expected == 0 {
		t.Errorf("a switch to post-copy stops the guest: %s", text(t, made))
	}
	aborted := past(time.Second, true)
	aborted.Outcome = forecast.DoesNotEnd
	made = forecast.Of(forecast.Facts{Policy: p, Past: []forecast.Past{aborted, past(9*time.Second, true), past(5*time.Second, true)}})
	if made.Verdict != forecast.DoesNotEnd || *made.DurationMS != forecast.Exactly(1000) {
		t.Errorf("the last one was aborted after a second: %s", text(t, made))
	}
}

// TestSuggestions: what would help a guest that dirties faster than its link carries.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	facts := forecast.Facts{Policy: effective(limited(64)), Measured: guest(4096, 512, 128)}
	got := map[policy.Field]string{}
	for _, s := range forecast.Suggest(facts) {
		got[s.Field] = s.Value
		if s.Forecast.Verdict == forecast.DoesNotEnd {
			t.Errorf("%s = %s does not help", s.Field, s.Value)
		}
	}
	want := map[policy.Field]string{
		policy.FieldBandwidth: "256", policy.FieldAutoConverge: "true", policy.FieldOnTimeout: "pause",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	facts.Measured = guest(4096, 0, 0)
	if s := forecast.Suggest(facts); len(s) > 0 {
		t.Errorf("a move that ends by itself needs nothing: %v", s)
	}
}

func TestWindows(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for budget, want := range map[time.Duration][]time.Duration{
		0: nil, s: {s}, 2 * s: {s}, 3 * s: {s, 2 * s}, 15 * s: {s, 2 * s, 4 * s, 8 * s},
		20 * s: {s, 2 * s, 4 * s, 8 * s, s, 2 * s},
	} {
		if diff := cmp.Diff(want, forecast.Windows(budget)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", budget, diff)
		}
	}
}

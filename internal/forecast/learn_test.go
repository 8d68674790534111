package forecast_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestLearning: samples of a guest allow a move to end and not to end; how an earlier move went decides.
func TestLearning(t *testing.T) {
	t.Parallel()
	measured := &forecast.Measurement{MemoryBytes: 256 * mib, Samples: []forecast.Sample{
		{WindowMS: 1000, Rate: 22 * mib}, {WindowMS: 2000, Rate: 16 * mib}, {WindowMS: 4000, Rate: 5 * mib}, {WindowMS: 8000, Rate: 4 * mib},
	}}
	p := limited(32)
	p.Timeout, p.StallTimeout = new(45*time.Second), new(20*time.Second)
	facts := forecast.Facts{Policy: effective(p), Measured: measured}
	if made := forecast.Of(facts); made.Verdict != forecast.Ends || !made.DurationMS.Holds(45000) {
		t.Fatalf("without a history: %s", text(t, made))
	}
	facts.Past = []forecast.Past{{
		Policy: facts.Policy, Outcome: forecast.DoesNotEnd, Duration: 45 * time.Second, TotalBytes: 256 * mib, ConstantBytes: 150 * mib,
	}}
	if made := forecast.Of(facts); made.Verdict != forecast.DoesNotEnd {
		t.Errorf("after a move that did not end: %s", text(t, made))
	}
	p.OnTimeout = new(policy.Pause)
	facts.Policy = effective(p)
	if made := forecast.Of(facts); made.Verdict != forecast.EndsWithPause {
		t.Errorf("the next one, with a pause: %s", text(t, made))
	}
}

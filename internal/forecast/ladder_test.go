package forecast_test

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/forecast"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestSchedule: what the steps of a downtime schedule let end ends, up to max_downtime_ms. A pass
// leaves about 100 MiB, which take 1.6 s.
func TestSchedule(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		schedule policy.Numbers
		most     int64
		verdict  forecast.Verdict
	}{
		"a step is long enough":            {policy.Numbers{100, 400, 3000}, 0, forecast.Ends},
		"no step is long enough":           {policy.Numbers{100, 200}, 0, forecast.DoesNotEnd},
		"max_downtime_ms lets it be":       {policy.Numbers{100, 3000}, 4000, forecast.Ends},
		"max_downtime_ms is lower":         {policy.Numbers{100, 3000}, 200, forecast.DoesNotEnd},
		"max_downtime_ms beyond the steps": {policy.Numbers{100, 200}, 4000, forecast.DoesNotEnd},
	} {
		p := limited(64)
		p.DowntimeScheduleMS = new(test.schedule)
		if test.most > 0 {
			p.MaxDowntimeMS = new(test.most)
		}
		made := forecast.Of(forecast.Facts{Policy: effective(p), Measured: guest(4096, 100, 400)})
		if made.Verdict != test.verdict {
			t.Errorf("%s: %s", name, text(t, made))
		}
	}
	takes := func(p policy.Policy) time.Duration {
		made := forecast.Of(forecast.Facts{Policy: effective(p), Measured: guest(4096, 100, 400)})
		return time.Duration(made.DurationMS.Expected) * time.Millisecond
	}
	scheduled, allowed := limited(64), limited(64)
	scheduled.DowntimeScheduleMS, allowed.MaxDowntimeMS = new(policy.Numbers{100, 200, 400, 3000}), new(int64(3000))
	if takes(scheduled) <= takes(allowed) {
		t.Errorf("%s by steps, and %s where the last is allowed from the start", takes(scheduled), takes(allowed))
	}
}

// TestHighestThrottle: on_timeout follows once QEMU throttles by more than max_throttle_percent.
func TestHighestThrottle(t *testing.T) {
	t.Parallel()
	p := limited(64)
	p.AutoConverge, p.AutoConvergeInitial, p.AutoConvergeIncrement = new(true), new(int64(30)), new(int64(25))
	p.MaxThrottlePercent = new(int64(60))
	facts := forecast.Facts{Policy: effective(p), Measured: guest(1024, 512, 200)}
	made := forecast.Of(facts)
	if made.Verdict != forecast.DoesNotEnd || made.ThrottlePercent.Expected != 80 {
		t.Errorf("want the step beyond 60 %% to end it: %s", text(t, made))
	}
	helps := false
	for _, s := range forecast.Suggest(facts) {
		helps = helps || s.Field == policy.FieldMaxThrottlePercent && s.Value == "99" &&
			s.Forecast.Verdict == forecast.EndsThrottled
	}
	if !helps {
		t.Error("a higher max_throttle_percent is not suggested")
	}
	p.OnTimeout = new(policy.Pause)
	facts.Policy = effective(p)
	if made := forecast.Of(facts); made.Verdict != forecast.EndsWithPause {
		t.Errorf("want a pause: %s", text(t, made))
	}
}

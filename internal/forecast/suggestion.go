package forecast

import (
	"math"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Suggestion is a value of one field of the policy, and what the move would be like with it.
type Suggestion struct {
	Field policy.Field
	// Value is as a record has it.
	Value    string
	Forecast Forecast
}

const (
	// longestSuggestedMS is the longest downtime that is suggested, in milliseconds.
	longestSuggestedMS = 5000
	// mostSuggested is how many times the limit of the bandwidth is suggested to be at most.
	mostSuggested = 8
)

// Suggest lists what would let a move end that does not, or end with less harm to the guest, the best first: one
// field is changed in each.
func Suggest(f Facts) []Suggestion {
	if f.Measured == nil || len(f.Measured.Samples) == 0 {
		return nil
	}
	m, missing := f.model()
	if len(missing) > 0 {
		return nil
	}
	now := m.outlook(f.Policy, expected)
	var better []Suggestion
	for _, c := range changes(f.Policy, m, now) {
		changed := f
		changed.Policy.Policy = c.policy
		made := Of(changed)
		if made.Verdict == Unknown || worse(made.Verdict) >= worse(now.verdict()) {
			continue
		}
		better = append(better, Suggestion{c.field, c.policy.Text(c.field), made})
	}
	return better
}

// worse is the place of a verdict among all, from the best to the worst.
func worse(v Verdict) int {
	for i, other := range Verdicts() {
		if v == other {
			return i
		}
	}
	return len(Verdicts())
}

// change is a policy with another value of one field.
type change struct {
	field  policy.Field
	policy policy.Policy
}

// changes are those that may help, from what costs the guest least.
func changes(e policy.Effective, m model, now outlook) []change {
	var all []change
	with := func(field policy.Field, set func(*policy.Policy)) {
		changed := e.Policy
		set(&changed)
		all = append(all, change{field, changed})
	}
	if !e.Compression() && e.ParallelConnections() == 0 {
		with(policy.FieldCompression, func(p *policy.Policy) { p.Compression = new(true) })
	}
	if limit := valueOr(e.BandwidthMiBPerSecond, 0); limit > 0 {
		for factor := int64(2); factor <= mostSuggested; factor *= 2 {
			faster := e
			faster.Policy.BandwidthMiBPerSecond = new(int64(limit) * factor)
			link := m
			link.link = m.link.times(Exactly(float64(factor)))
			if verdict := link.outlook(faster, worstCase).verdict(); worse(verdict) < worse(now.verdict()) {
				with(policy.FieldBandwidth, func(p *policy.Policy) { *p = faster.Policy })
				break
			}
		}
	}
	least := now.median(now.verdict(), func(c course) float64 { return c.least })
	if needed := math.Ceil(1.2 * 1000 * least / m.link.Expected); needed <= longestSuggestedMS && needed > 0 {
		with(policy.FieldMaxDowntimeMS, func(p *policy.Policy) { p.MaxDowntimeMS = new(int64(needed)) })
	}
	if most := e.MaxThrottlePercent; e.AutoConverge() && most != nil && *most < highestThrottle {
		with(policy.FieldMaxThrottlePercent, func(p *policy.Policy) { p.MaxThrottlePercent = new(int64(highestThrottle)) })
	}
	if !e.AutoConverge() {
		with(policy.FieldAutoConverge, func(p *policy.Policy) { p.AutoConverge = new(true) })
	}
	if e.OnTimeout() == policy.Abort {
		if e.PostCopy() {
			with(policy.FieldOnTimeout, func(p *policy.Policy) { p.OnTimeout = new(policy.SwitchToPostCopy) })
		}
		with(policy.FieldOnTimeout, func(p *policy.Policy) { p.OnTimeout = new(policy.Pause) })
	}
	return all
}

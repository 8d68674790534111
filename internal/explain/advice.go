package explain

import (
	"fmt"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// advice is one field of the policy that stood in the way of a migration.
type advice struct {
	// field is what to change.
	field policy.Field
	// text is a sentence that says to what, and why.
	text string
}

// highestThrottle is the most that QEMU takes away from a vCPU, in percent.
const highestThrottle = 99

// convergence says which fields would have let a migration converge, and why, from
// what was measured. The most promising comes first.
func convergence(e policy.Effective, f migration.Figures) []advice {
	if f.Mirrors() {
		return readiness(e, f)
	}
	var all []advice
	rules := []func(policy.Effective, migration.Figures) (advice, bool){
		adviseAutoConverge, adviseCompression, adviseBandwidth, adviseDowntime, advisePostCopy,
	}
	if inFirstPass(f) {
		rules = []func(policy.Effective, migration.Figures) (advice, bool){adviseTimeout, adviseBandwidth, advisePostCopy}
	}
	for _, rule := range rules {
		if a, ok := rule(e, f); ok {
			all = append(all, a)
		}
	}
	return all
}

// inFirstPass tells whether the memory had not been sent once. What the guest dirties does
// not matter then, nor does what slows that down.
func inFirstPass(f migration.Figures) bool { return f.Begun && f.Least == nil && f.Last.Iteration <= 1 }

// adviseTimeout says how long one pass takes.
func adviseTimeout(e policy.Effective, f migration.Figures) (advice, bool) {
	if f.Bandwidth == 0 || f.Last.MemoryTotal == 0 || e.Timeout() == 0 {
		return advice{}, false
	}
	takes := time.Duration(float64(f.Last.MemoryTotal) / float64(f.Bandwidth) * float64(time.Second))
	return advice{policy.FieldTimeout, fmt.Sprintf(
		"%s: one pass over the guest's memory, %s, takes about %s at the %s that were sent, and most moves need several.",
		value(e, policy.FieldTimeout), bytes(f.Last.MemoryTotal), elapsed(takes), rate(f.Bandwidth))}, true
}

// value is a field with what decided it, for example
// `auto_converge is false (global)`.
func value(e policy.Effective, field policy.Field) string {
	return fmt.Sprintf("%s is %s (%s)", field, e.Text(field), e.Origins.Of(field))
}

func adviseAutoConverge(e policy.Effective, f migration.Figures) (advice, bool) {
	switch {
	case !e.AutoConverge():
		return advice{policy.FieldAutoConverge, value(e, policy.FieldAutoConverge) +
			": true throttles the guest's vCPUs until the copy catches up with what they dirty."}, true
	case f.Throttle >= highestThrottle:
		return advice{policy.FieldAutoConverge, fmt.Sprintf(
			"The throttle reached %d %% and can rise no further: this guest does not dirty less when its vCPUs are "+
				"slowed down, so auto_converge does not help it.", f.Throttle)}, true
	case f.Throttle == 0:
		return advice{
			policy.FieldAutoConvergeInitial,
			"auto_converge is true, but QEMU had not begun to throttle: a longer stall_timeout or timeout leaves " +
				"it the time.",
		}, true
	case beyondMost(e, f):
		return advice{policy.FieldMaxThrottlePercent, fmt.Sprintf(
			"%s, and the throttle had reached %d %%: a higher one, up to %d, lets auto-converge go on.",
			value(e, policy.FieldMaxThrottlePercent), f.Throttle, highestThrottle)}, true
	default:
		return advice{policy.FieldAutoConvergeIncrement, fmt.Sprintf(
			"The throttle had reached %d %% of %d %%: a higher auto_converge_increment (QEMU: 10) or "+
				"auto_converge_initial (QEMU: 20) gets further in the same time.", f.Throttle, highestThrottle)}, true
	}
}

// beyondMost tells whether the throttle is more than the guest is to bear.
func beyondMost(e policy.Effective, f migration.Figures) bool {
	return e.MaxThrottlePercent != nil && f.Throttle > *e.MaxThrottlePercent
}

// worthlessCache is the share of cache misses from which XBZRLE hardly helps.
const worthlessCache = 0.5

func adviseCompression(e policy.Effective, f migration.Figures) (advice, bool) {
	if !e.Compression() {
		text := value(e, policy.FieldCompression) + ": true (XBZRLE) sends only the changed bytes of a page, which " +
			"is much less where pages change a little at a time."
		if e.ParallelConnections() > 0 {
			text += " It needs parallel_connections = 0."
		}
		return advice{policy.FieldCompression, text}, true
	}
	compressed, missed := f.Last.CompressionPages, f.Last.CompressionCacheMisses
	if compressed == nil || missed == nil || *compressed+*missed == 0 {
		return advice{}, false
	}
	share := float64(*missed) / float64(*compressed+*missed)
	if share < worthlessCache {
		return advice{}, false
	}
	cache, field := "64", policy.FieldCompressionCacheMiB
	switch {
	case f.Last.CompressionCache > 0:
		cache = fmt.Sprint(f.Last.CompressionCache / mib)
	case e.CompressionCacheMiB != nil:
		cache = fmt.Sprint(*e.CompressionCacheMiB)
	}
	if e.CompressionCacheMaxMiB != nil {
		field = policy.FieldCompressionCacheMax
	}
	return advice{field, fmt.Sprintf(
		"%.0f %% of the pages were not in the XBZRLE cache of %s MiB: a larger %s holds more of what the guest dirties.",
		share*100, cache, field)}, true
}

// usedUp is the share of a bandwidth limit from which it is what holds a
// migration up.
const usedUp = 0.9

func adviseBandwidth(e policy.Effective, f migration.Figures) (advice, bool) {
	limit := e.BandwidthMiBPerSecond
	if limit == nil || *limit <= 0 || float64(f.Bandwidth) < usedUp*float64(*limit)*mib {
		return advice{}, false
	}
	if f.DirtyRate == 0 {
		return advice{policy.FieldBandwidth, value(e, policy.FieldBandwidth) +
			" and was used up: a higher limit, where the link has it, makes each pass shorter."}, true
	}
	return advice{policy.FieldBandwidth, fmt.Sprintf(
		"%s and was used up, while the guest dirtied %s: a higher limit, where the link has it, lets the copy "+
			"catch up.", value(e, policy.FieldBandwidth), rate(f.DirtyRate))}, true
}

// defaultDowntimeMS is QEMU's downtime-limit.
const defaultDowntimeMS = 300

func adviseDowntime(e policy.Effective, f migration.Figures) (advice, bool) {
	if f.Least == nil || f.Bandwidth == 0 {
		return advice{}, false
	}
	milliseconds := float64(*f.Least) / float64(f.Bandwidth) * 1000
	if milliseconds >= policy.MaxMaxDowntimeMS {
		return advice{}, false
	}
	needed, allowed := int64(milliseconds)+1, int64(defaultDowntimeMS)
	if longest := e.LongestDowntimeMS(); longest > 0 {
		allowed = longest
	}
	if needed <= allowed {
		return advice{}, false
	}
	return advice{policy.FieldMaxDowntimeMS, fmt.Sprintf(
		"At best %s remained, which takes a pause of %d ms at %s; max_downtime_ms allowed %d ms.",
		bytes(*f.Least), needed, rate(f.Bandwidth), allowed)}, true
}

func advisePostCopy(e policy.Effective, _ migration.Figures) (advice, bool) {
	switch {
	case !e.PostCopy():
		return advice{policy.FieldPostCopy, value(e, policy.FieldPostCopy) +
			": true with on_timeout = \"post_copy\" always ends, because the guest runs on the destination while " +
			"the rest is fetched; a link that breaks then takes the VM down."}, true
	case e.OnTimeout() != policy.SwitchToPostCopy:
		return advice{policy.FieldOnTimeout, value(e, policy.FieldOnTimeout) + ": \"post_copy\" always ends, and " +
			"post_copy is allowed for this VM."}, true
	}
	return advice{}, false
}

package migration

import (
	"fmt"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// Advice is one field of the policy that stood in the way of a migration.
type Advice struct {
	// Field is what to change.
	Field policy.Field
	// Text is a sentence that says to what, and why.
	Text string
}

const mib = 1 << 20

// highestThrottle is the most that QEMU takes away from a vCPU, in percent.
const highestThrottle = 99

// advise says which fields would have let a migration converge, and why, from
// what was measured. The most promising comes first.
func advise(e policy.Effective, f figures, least *uint64) []Advice {
	var all []Advice
	for _, rule := range []func(policy.Effective, figures, *uint64) (Advice, bool){
		adviseAutoConverge, adviseCompression, adviseBandwidth, adviseDowntime, advisePostCopy,
	} {
		if a, ok := rule(e, f, least); ok {
			all = append(all, a)
		}
	}
	return all
}

// value is a field with what decided it, for example
// `auto_converge is false (global)`.
func value(e policy.Effective, field policy.Field) string {
	return fmt.Sprintf("%s is %s (%s)", field, e.Text(field), e.Origins[field])
}

func adviseAutoConverge(e policy.Effective, f figures, _ *uint64) (Advice, bool) {
	switch {
	case !e.AutoConverge():
		return Advice{policy.FieldAutoConverge, value(e, policy.FieldAutoConverge) +
			": true throttles the guest's vCPUs until the copy catches up with what they dirty."}, true
	case f.throttle >= highestThrottle:
		return Advice{policy.FieldAutoConverge, fmt.Sprintf(
			"The throttle reached %d %% and can rise no further: this guest does not dirty less when its vCPUs are slowed down, so auto_converge does not help it.", f.throttle)}, true
	case f.throttle == 0:
		return Advice{
			policy.FieldAutoConvergeInitial,
			"auto_converge is true, but QEMU had not begun to throttle: a longer stall_timeout or timeout leaves it the time.",
		}, true
	default:
		return Advice{policy.FieldAutoConvergeIncrement, fmt.Sprintf(
			"The throttle had reached %d %% of %d %%: a higher auto_converge_increment (QEMU: 10) or auto_converge_initial (QEMU: 20) gets further in the same time.", f.throttle, highestThrottle)}, true
	}
}

// worthlessCache is the share of cache misses from which XBZRLE hardly helps.
const worthlessCache = 0.5

func adviseCompression(e policy.Effective, f figures, _ *uint64) (Advice, bool) {
	if !e.Compression() {
		text := value(e, policy.FieldCompression) + ": true (XBZRLE) sends only the changed bytes of a page, which is much less where pages change a little at a time."
		if e.ParallelConnections() > 0 {
			text += " It needs parallel_connections = 0."
		}
		return Advice{policy.FieldCompression, text}, true
	}
	compressed, missed := f.last.CompressionPages, f.last.CompressionCacheMisses
	if compressed == nil || missed == nil || *compressed+*missed == 0 {
		return Advice{}, false
	}
	share := float64(*missed) / float64(*compressed+*missed)
	if share < worthlessCache {
		return Advice{}, false
	}
	cache := "64"
	if e.CompressionCacheMiB != nil {
		cache = fmt.Sprint(*e.CompressionCacheMiB)
	}
	return Advice{policy.FieldCompressionCacheMiB, fmt.Sprintf(
		"%.0f %% of the pages were not in the XBZRLE cache of %s MiB: a larger compression_cache_mib holds more of what the guest dirties.", share*100, cache)}, true
}

// usedUp is the share of a bandwidth limit from which it is what holds a
// migration up.
const usedUp = 0.9

func adviseBandwidth(e policy.Effective, f figures, _ *uint64) (Advice, bool) {
	limit := e.BandwidthMiBPerSecond
	if limit == nil || *limit <= 0 || float64(f.bandwidth) < usedUp*float64(*limit)*mib {
		return Advice{}, false
	}
	return Advice{policy.FieldBandwidth, fmt.Sprintf(
		"%s and was used up, while the guest dirtied %s: a higher limit, where the link has it, lets the copy catch up.", value(e, policy.FieldBandwidth), rate(f.dirtyRate))}, true
}

// defaultDowntimeMS is QEMU's downtime-limit.
const defaultDowntimeMS = 300

func adviseDowntime(e policy.Effective, f figures, least *uint64) (Advice, bool) {
	if least == nil || f.bandwidth == 0 {
		return Advice{}, false
	}
	milliseconds := float64(*least) / float64(f.bandwidth) * 1000
	if milliseconds >= policy.MaxMaxDowntimeMS {
		return Advice{}, false
	}
	needed, allowed := int64(milliseconds)+1, int64(defaultDowntimeMS)
	if e.MaxDowntimeMS != nil {
		allowed = *e.MaxDowntimeMS
	}
	if needed <= allowed {
		return Advice{}, false
	}
	return Advice{policy.FieldMaxDowntimeMS, fmt.Sprintf(
		"At best %s remained, which takes a pause of %d ms at %s; max_downtime_ms allowed %d ms.", bytes(*least), needed, rate(f.bandwidth), allowed)}, true
}

func advisePostCopy(e policy.Effective, _ figures, _ *uint64) (Advice, bool) {
	switch {
	case !e.PostCopy():
		return Advice{policy.FieldPostCopy, value(e, policy.FieldPostCopy) +
			": true with on_timeout = \"post_copy\" always ends, because the guest runs on the destination while the rest is fetched; a link that breaks then takes the VM down."}, true
	case e.OnTimeout() != policy.SwitchToPostCopy:
		return Advice{policy.FieldOnTimeout, value(e, policy.FieldOnTimeout) + ": \"post_copy\" always ends, and post_copy is allowed for this VM."}, true
	}
	return Advice{}, false
}

package policy

import "fmt"

// What the engine raises step by step while a migration makes no progress, and how far.

// Downtimes are the longest pauses for the switch-over that the policy allows one after
// another, in milliseconds: rising, and none beyond max_downtime_ms. Nothing where it says
// nothing of them.
func (p Policy) Downtimes() []int64 {
	most := p.MaxDowntimeMS
	if p.DowntimeScheduleMS == nil {
		if most == nil {
			return nil
		}
		return []int64{*most}
	}
	var steps []int64
	for _, step := range *p.DowntimeScheduleMS {
		if most != nil && step >= *most {
			return append(steps, *most)
		}
		steps = append(steps, step)
	}
	return steps
}

// LongestDowntimeMS is the last of Downtimes; 0 where there is none.
func (p Policy) LongestDowntimeMS() int64 {
	steps := p.Downtimes()
	if len(steps) == 0 {
		return 0
	}
	return steps[len(steps)-1]
}

// unclimbable tells whether max_downtime_ms leaves no step of the schedule but one.
func unclimbable(p Policy) bool {
	return p.DowntimeScheduleMS != nil && len(*p.DowntimeScheduleMS) > 1 && len(p.Downtimes()) == 1
}

// throttledAtOnce is a first throttle that is beyond the highest.
func throttledAtOnce(p Policy) string {
	if p.AutoConvergeInitial == nil || p.MaxThrottlePercent == nil || *p.AutoConvergeInitial <= *p.MaxThrottlePercent {
		return ""
	}
	return fmt.Sprintf("%d is below auto_converge_initial, which is %d: the first throttle would already be beyond it. "+
		"Raise max_throttle_percent, or lower auto_converge_initial.", *p.MaxThrottlePercent, *p.AutoConvergeInitial)
}

// beyondTop are steps that one level writes down, and does not let be reached. Across
// levels the lower limit caps them.
func (p Policy) beyondTop() []Problem {
	var problems []Problem
	if schedule, most := p.DowntimeScheduleMS, p.MaxDowntimeMS; schedule != nil && most != nil && len(*schedule) > 0 {
		if last := (*schedule)[len(*schedule)-1]; last > *most {
			problems = append(problems, Problem{FieldDowntimeScheduleMS, fmt.Sprintf(
				"%d is above max_downtime_ms, which is %d on the same level. Raise max_downtime_ms, or leave such steps out.",
				last, *most)})
		}
	}
	if most, first := p.CompressionCacheMaxMiB, p.CompressionCacheMiB; most != nil && first != nil && *most < *first {
		problems = append(problems, Problem{FieldCompressionCacheMax, fmt.Sprintf(
			"%d is below compression_cache_mib, which is %d on the same level: the cache cannot grow to less than it has. "+
				"Raise compression_cache_max_mib, or remove it.", *most, *first)})
	}
	return problems
}

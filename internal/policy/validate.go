package policy

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// Problem is what is wrong with one field of a policy.
type Problem struct {
	Field Field
	// Text is a sentence that says what is wrong and what would be right.
	Text string
}

// Validate says what is wrong with a policy as one level declares it: values
// out of range, and fields that contradict each other on this level. What
// contradicts only across levels is for Effective.Conflicts.
func (p Policy) Validate() []Problem {
	return append(p.valueProblems(), p.contradictions()...)
}

func (p Policy) valueProblems() []Problem {
	var problems []Problem
	for _, f := range fields {
		if text := f.problem(p); text != "" {
			problems = append(problems, Problem{f.name, text})
		}
	}
	return problems
}

// contradictions follows what libvirt and QEMU refuse, or silently ignore, when
// both halves are written down together.
func (p Policy) contradictions() []Problem {
	var problems []Problem
	add := func(field Field, format string, args ...any) {
		problems = append(problems, Problem{field, fmt.Sprintf(format, args...)})
	}
	for _, tuning := range tunings {
		if tuning.switchedOff(p) && slices.Contains(p.Fields(), tuning.field) {
			add(tuning.field, "%s tunes %s, which is set to false on the same level. Remove one of the two.", tuning.field, tuning.feature)
		}
	}
	if is(p.Compression, true) && p.ParallelConnections != nil && *p.ParallelConnections > 0 {
		add(FieldParallelConnections, "%s", xbzrleWithParallel)
	}
	if is(p.OnTimeout, SwitchToPostCopy) && is(p.PostCopy, false) {
		add(FieldOnTimeout, "%s", postCopyNotAllowed)
	}
	return problems
}

// tuning is a field that means something only while a feature is on.
type tuning struct {
	field, feature Field
	switchedOff    func(Policy) bool
}

var tunings = []tuning{
	{FieldAutoConvergeInitial, FieldAutoConverge, func(p Policy) bool { return is(p.AutoConverge, false) }},
	{FieldAutoConvergeIncrement, FieldAutoConverge, func(p Policy) bool { return is(p.AutoConverge, false) }},
	{FieldCompressionCacheMiB, FieldCompression, func(p Policy) bool { return is(p.Compression, false) }},
}

const (
	xbzrleWithParallel = "compression is XBZRLE, which QEMU can not do over parallel connections: pages sent over them bypass it. Set parallel_connections to 0 or compression to false."
	postCopyNotAllowed = "on_timeout is \"post_copy\", but post_copy is false, so the migration may not be switched. Set post_copy to true, or on_timeout to \"abort\" or \"pause\"."
)

func is[T comparable](v *T, want T) bool { return v != nil && *v == want }

func checkPercent(v int64) string { return checkBetween(v, MinPercent, MaxPercent, "percent") }

func checkMaxDowntime(v int64) string {
	return checkBetween(v, MinMaxDowntimeMS, MaxMaxDowntimeMS, "milliseconds")
}

func checkBandwidth(v int64) string {
	return checkBetween(v, 0, MaxBandwidthMiBPerSecond, "MiB/s, where 0 is no limit")
}

func checkBetween(v, least, most int64, unit string) string {
	if v < least || v > most {
		return fmt.Sprintf("%d is not between %d and %d %s.", v, least, most, unit)
	}
	return ""
}

func checkParallelConnections(v int64) string {
	if v != 0 && (v < MinParallelConnections || v > MaxParallelConnections) {
		return fmt.Sprintf("%d is neither 0 (off) nor between %d and %d connections.", v, MinParallelConnections, MaxParallelConnections)
	}
	return ""
}

func checkCompressionCache(v int64) string {
	if v < 1 || v > MaxCompressionCacheMiB || bits.OnesCount64(uint64(v)) != 1 {
		return fmt.Sprintf("%d MiB is not a power of two between 1 and %d, as QEMU requires of the XBZRLE cache (64, 128, 256, …).", v, int64(MaxCompressionCacheMiB))
	}
	return ""
}

func checkDuration(v time.Duration) string {
	if v < 0 {
		return "A duration can not be negative."
	}
	return ""
}

func checkOnTimeout(v OnTimeout) string {
	if !slices.Contains(OnTimeouts(), v) {
		return fmt.Sprintf("%q is none of %s.", abbreviate(string(v)), quoted(OnTimeouts()))
	}
	return ""
}

func quoted[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("%q", string(v))
	}
	return strings.Join(texts, ", ")
}

package policy

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Ranges of the numeric fields.
const (
	// MinPercent is the least throttle; QEMU refuses 0.
	MinPercent = 1
	// MaxPercent is the highest throttle; QEMU refuses 100.
	MaxPercent = 99

	// MaxNameBytes is the longest name that a field has.
	MaxNameBytes = 255

	// MinMaxDowntimeMS is one millisecond: QEMU would take 0 for "never switch
	// over".
	MinMaxDowntimeMS = 1
	// MaxMaxDowntimeMS is QEMU's MAX_MIGRATE_DOWNTIME.
	MaxMaxDowntimeMS = 2_000_000

	// MaxDowntimeSteps is the longest schedule of downtimes.
	MaxDowntimeSteps = 16

	// MinParallelConnections is the least that parallel connections can be.
	MinParallelConnections = 2
	// MaxParallelConnections follows from QEMU's multifd-channels, a uint8.
	MaxParallelConnections = 255

	// MaxZlibLevel and MaxZstdLevel are the highest that QEMU takes (migrate_params_check).
	MaxZlibLevel = 9
	MaxZstdLevel = 20

	// MaxBandwidthMiBPerSecond is libvirt's largest bandwidth,
	// INT64_MAX / 1 MiB; it is also what libvirt uses for "no limit".
	MaxBandwidthMiBPerSecond = 1<<43 - 1

	// MaxCompressionCacheMiB is the largest power of two whose size in bytes
	// fits a signed 64-bit number.
	MaxCompressionCacheMiB = 1 << 42
)

// values are the valid values of a field.
type values[T any] struct {
	// text names them, in Markdown.
	text string
	// problem says what is wrong with a value, or nothing; nil where all are
	// valid.
	problem func(T) string
	// isNot is what problem says of a number, after it.
	isNot string
}

// numbers are those that are valid.
func numbers(text, isNot string, valid func(int64) bool) values[int64] {
	return values[int64]{text: text, isNot: isNot, problem: func(v int64) string {
		if !valid(v) {
			return fmt.Sprintf("%d %s", v, isNot)
		}
		return ""
	}}
}

var onOff = values[bool]{text: "`true`, `false`"}

// between has the unit with the words that follow it in a message.
func between(least, most int64, unit string) values[int64] {
	return numbers(
		fmt.Sprintf("%d to %d", least, most),
		fmt.Sprintf("is not a whole number from %d to %d (%s).", least, most, unit),
		func(v int64) bool { return v >= least && v <= most },
	)
}

// noneOr is between, or 0 for none.
func noneOr(least, most int64, unit string) values[int64] {
	return numbers(
		fmt.Sprintf("`0` (off), or %d to %d", least, most),
		fmt.Sprintf("is neither 0 (off) nor a whole number from %d to %d (%s).", least, most, unit),
		func(v int64) bool { return v == 0 || v >= least && v <= most },
	)
}

// powerOfTwo names in why what needs one.
func powerOfTwo(most int64, unit, why string) values[int64] {
	return numbers(
		"a power of two",
		fmt.Sprintf("is not a power of two from 1 to %d (%s), as %s (64, 128, 256, …).", most, unit, why),
		func(v int64) bool { return v >= 1 && v <= most && bits.OnesCount64(uint64(v)) == 1 },
	)
}

// rising is a list of numbers between least and most, each higher than the one before.
func rising(longest int, least, most int64, unit string) values[Numbers] {
	return values[Numbers]{
		text:  fmt.Sprintf("1 to %d rising numbers, each %d to %d", longest, least, most),
		isNot: fmt.Sprintf("is not a whole number from %d to %d (%s).", least, most, unit),
		problem: func(v Numbers) string {
			if len(v) == 0 || len(v) > longest {
				return fmt.Sprintf("A list of %d numbers is not one of 1 to %d.", len(v), longest)
			}
			for i, n := range v {
				switch {
				case n < least || n > most:
					return fmt.Sprintf("%d is not a whole number from %d to %d (%s).", n, least, most, unit)
				case i > 0 && n <= v[i-1]:
					return fmt.Sprintf("%d does not rise above %d, which is before it: each number must be higher than "+
						"the one before.", n, v[i-1])
				}
			}
			return ""
		},
	}
}

// durations names what "0s" means.
func durations(zero string) values[time.Duration] {
	return values[time.Duration]{
		text: "a duration such as `90s` or `30m`; `0s` is " + zero,
		problem: func(v time.Duration) string {
			if v < 0 {
				return "A duration cannot be negative."
			}
			return ""
		},
	}
}

// names are texts that people choose and have to recognise.
var names = values[string]{
	text: fmt.Sprintf("a name of at most %d bytes", MaxNameBytes),
	problem: func(v string) string {
		switch {
		case v == "":
			return "A name cannot be empty."
		case len(v) > MaxNameBytes:
			return fmt.Sprintf("A name has at most %d bytes, and this one has %d.", MaxNameBytes, len(v))
		case strings.ContainsFunc(v, unicode.IsControl):
			return fmt.Sprintf("%q has a control character.", v)
		case strings.TrimSpace(v) != v:
			return fmt.Sprintf("%q begins or ends with a blank.", v)
		}
		return ""
	},
}

// OneOf is what is wrong with a word that is none of the valid ones.
func OneOf[T ~string](word string, valid []T) string {
	quoted := make([]string, len(valid))
	for i, v := range valid {
		quoted[i] = fmt.Sprintf("%q", string(v))
	}
	return fmt.Sprintf("%q is not valid: it must be one of %s.", abbreviate(word), strings.Join(quoted, ", "))
}

func words[T ~string](all ...T) values[T] {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = "`" + string(v) + "`"
	}
	return values[T]{
		text: strings.Join(texts, ", "),
		problem: func(v T) string {
			if !slices.Contains(all, v) {
				return OneOf(string(v), all)
			}
			return ""
		},
	}
}

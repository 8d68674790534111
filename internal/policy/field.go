package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Field is the name of a policy field: the same in records, in Terraform
// attributes and in origins.
type Field string

// The fields of a policy.
const (
	FieldAutoConverge          Field = "auto_converge"
	FieldAutoConvergeInitial   Field = "auto_converge_initial"
	FieldAutoConvergeIncrement Field = "auto_converge_increment"
	FieldCompression           Field = "compression"
	FieldCompressionCacheMiB   Field = "compression_cache_mib"
	FieldBandwidth             Field = "bandwidth_mib_per_second"
	FieldMaxDowntimeMS         Field = "max_downtime_ms"
	FieldParallelConnections   Field = "parallel_connections"
	FieldPostCopy              Field = "post_copy"
	FieldEncryption            Field = "encryption"
	FieldTimeout               Field = "timeout"
	FieldStallTimeout          Field = "stall_timeout"
	FieldOnTimeout             Field = "on_timeout"
)

// Ranges of the numeric fields.
const (
	// MinPercent is the least throttle; QEMU refuses 0.
	MinPercent = 1
	// MaxPercent is the highest throttle; QEMU refuses 100.
	MaxPercent = 99

	// MinMaxDowntimeMS is one millisecond: QEMU would take 0 for "never switch
	// over".
	MinMaxDowntimeMS = 1
	// MaxMaxDowntimeMS is QEMU's MAX_MIGRATE_DOWNTIME.
	MaxMaxDowntimeMS = 2_000_000

	// MinParallelConnections is the least that parallel connections can be.
	MinParallelConnections = 2
	// MaxParallelConnections follows from QEMU's multifd-channels, a uint8.
	MaxParallelConnections = 255

	// MaxBandwidthMiBPerSecond is libvirt's largest bandwidth,
	// INT64_MAX / 1 MiB; it is also what libvirt uses for "no limit".
	MaxBandwidthMiBPerSecond = 1<<43 - 1

	// MaxCompressionCacheMiB is the largest power of two whose size in bytes
	// fits a signed 64-bit number.
	MaxCompressionCacheMiB = 1 << 42
)

// inherit stands for a field that is not set, in words for people.
const inherit = "inherit"

// Fields lists all fields in the order in which records and documents show them.
func Fields() []Field {
	names := make([]Field, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// fields is the one table that the codec, validation, resolution and
// comparison walk; a new field is a line here and a member of Policy and
// Effective.
var fields = []field{
	define(FieldAutoConverge, func(p *Policy) **bool { return &p.AutoConverge }, boolean, nil),
	define(FieldAutoConvergeInitial, func(p *Policy) **int64 { return &p.AutoConvergeInitial }, integer, checkPercent),
	define(FieldAutoConvergeIncrement, func(p *Policy) **int64 { return &p.AutoConvergeIncrement }, integer, checkPercent),
	define(FieldCompression, func(p *Policy) **bool { return &p.Compression }, boolean, nil),
	define(FieldCompressionCacheMiB, func(p *Policy) **int64 { return &p.CompressionCacheMiB }, integer, checkCompressionCache),
	define(FieldBandwidth, func(p *Policy) **int64 { return &p.BandwidthMiBPerSecond }, integer, checkBandwidth),
	define(FieldMaxDowntimeMS, func(p *Policy) **int64 { return &p.MaxDowntimeMS }, integer, checkMaxDowntime),
	define(FieldParallelConnections, func(p *Policy) **int64 { return &p.ParallelConnections }, integer, checkParallelConnections),
	define(FieldPostCopy, func(p *Policy) **bool { return &p.PostCopy }, boolean, nil),
	define(FieldEncryption, func(p *Policy) **bool { return &p.Encryption }, boolean, nil),
	define(FieldTimeout, func(p *Policy) **time.Duration { return &p.Timeout }, duration, checkDuration),
	define(FieldStallTimeout, func(p *Policy) **time.Duration { return &p.StallTimeout }, duration, checkDuration),
	define(FieldOnTimeout, func(p *Policy) **OnTimeout { return &p.OnTimeout }, onTimeout, checkOnTimeout),
}

// field is what the package can do with one field of a policy, its type left
// behind.
type field struct {
	name  Field
	isSet func(Policy) bool
	equal func(a, b Policy) bool
	// copy sets the field in dst as it is set in src.
	copy func(dst *Policy, src Policy)
	// text is the value for people.
	text func(Policy) string
	// encode is the value as JSON can hold it.
	encode func(Policy) any
	decode func(*Policy, json.RawMessage) error
	// problem says what is wrong with the value, or nothing.
	problem func(Policy) string
}

// check is the field's problem as an error that names the field.
func (f field) check(p Policy) error {
	if text := f.problem(p); text != "" {
		return fmt.Errorf("%s: %s", f.name, strings.TrimSuffix(text, "."))
	}
	return nil
}

// kind is how the values of one type are kept in a record.
type kind[T comparable] struct {
	encode func(T) any
	decode func(json.RawMessage) (T, error)
}

func define[T comparable](name Field, at func(*Policy) **T, k kind[T], check func(T) string) field {
	value := func(p Policy) *T { return *at(&p) }
	return field{
		name:  name,
		isSet: func(p Policy) bool { return value(p) != nil },
		equal: func(a, b Policy) bool {
			x, y := value(a), value(b)
			return x == y || x != nil && y != nil && *x == *y
		},
		copy: func(dst *Policy, src Policy) { *at(dst) = value(src) },
		text: func(p Policy) string {
			if v := value(p); v != nil {
				return fmt.Sprint(k.encode(*v))
			}
			return inherit
		},
		encode: func(p Policy) any { return k.encode(*value(p)) },
		decode: func(p *Policy, raw json.RawMessage) error {
			v, err := k.decode(raw)
			if err != nil {
				return err
			}
			*at(p) = &v
			return nil
		},
		problem: func(p Policy) string {
			if v := value(p); v != nil && check != nil {
				return check(*v)
			}
			return ""
		},
	}
}

var (
	boolean = kind[bool]{
		encode: func(v bool) any { return v },
		decode: func(raw json.RawMessage) (bool, error) { return decodeAs[bool](raw, "true or false") },
	}
	integer = kind[int64]{
		encode: func(v int64) any { return v },
		decode: func(raw json.RawMessage) (int64, error) { return decodeAs[int64](raw, "a whole number") },
	}
	duration = kind[time.Duration]{
		encode: func(v time.Duration) any { return FormatDuration(v) },
		decode: func(raw json.RawMessage) (time.Duration, error) {
			text, err := decodeAs[string](raw, "a duration in quotes")
			if err != nil {
				return 0, err
			}
			return ParseDuration(text)
		},
	}
	onTimeout = kind[OnTimeout]{
		encode: func(v OnTimeout) any { return string(v) },
		decode: func(raw json.RawMessage) (OnTimeout, error) {
			text, err := decodeAs[string](raw, "a word in quotes")
			return OnTimeout(text), err
		},
	}
)

// decodeAs refuses JSON's null, which encoding/json would take for the zero
// value: a field that inherits is absent from a record.
func decodeAs[T any](raw json.RawMessage, want string) (T, error) {
	var v *T
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		var zero T
		return zero, fmt.Errorf("must be %s, not %s", want, abbreviate(string(raw)))
	}
	return *v, nil
}

// abbreviate keeps foreign text short in a message.
func abbreviate(text string) string {
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

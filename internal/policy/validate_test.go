package policy_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestValidateKeepsEveryFieldInItsRange(t *testing.T) {
	t.Parallel()

	integers := map[policy.Field]struct {
		set             func(*policy.Policy, int64)
		accepts, refuse []int64
	}{
		policy.FieldAutoConvergeInitial: {
			set:     func(p *policy.Policy, v int64) { p.AutoConvergeInitial = &v },
			accepts: []int64{1, 20, 99},
			refuse:  []int64{math.MinInt64, -1, 0, 100, math.MaxInt64},
		},
		policy.FieldAutoConvergeIncrement: {
			set:     func(p *policy.Policy, v int64) { p.AutoConvergeIncrement = &v },
			accepts: []int64{1, 10, 99},
			refuse:  []int64{math.MinInt64, -1, 0, 100, math.MaxInt64},
		},
		policy.FieldMaxThrottlePercent: {
			set:     func(p *policy.Policy, v int64) { p.MaxThrottlePercent = &v },
			accepts: []int64{1, 20, 99},
			refuse:  []int64{math.MinInt64, -1, 0, 100, math.MaxInt64},
		},
		policy.FieldCompressionCacheMax: {
			set:     func(p *policy.Policy, v int64) { p.CompressionCacheMaxMiB = &v },
			accepts: []int64{1, 64, 1 << 42},
			refuse:  []int64{math.MinInt64, -1, 0, 3, 100, 1 << 43, math.MaxInt64},
		},
		policy.FieldDowntimeScheduleMS: {
			set:     func(p *policy.Policy, v int64) { p.DowntimeScheduleMS = &policy.Numbers{v} },
			accepts: []int64{1, 300, 2_000_000},
			refuse:  []int64{math.MinInt64, -1, 0, 2_000_001, math.MaxInt64},
		},
		policy.FieldCompressionCacheMiB: {
			set:     func(p *policy.Policy, v int64) { p.CompressionCacheMiB = &v },
			accepts: []int64{1, 2, 64, 4096, 1 << 42},
			refuse:  []int64{math.MinInt64, -64, -1, 0, 3, 63, 65, 100, 1<<42 - 1, 1<<42 + 1, 1 << 43, 1 << 62, math.MaxInt64},
		},
		policy.FieldBandwidth: {
			set:     func(p *policy.Policy, v int64) { p.BandwidthMiBPerSecond = &v },
			accepts: []int64{0, 1, 8796093022207},
			refuse:  []int64{math.MinInt64, -1, 8796093022208, math.MaxInt64},
		},
		policy.FieldMaxDowntimeMS: {
			set:     func(p *policy.Policy, v int64) { p.MaxDowntimeMS = &v },
			accepts: []int64{1, 300, 2_000_000},
			refuse:  []int64{math.MinInt64, -1, 0, 2_000_001, math.MaxInt64},
		},
		policy.FieldParallelConnections: {
			set:     func(p *policy.Policy, v int64) { p.ParallelConnections = &v },
			accepts: []int64{0, 2, 255},
			refuse:  []int64{math.MinInt64, -1, 1, 256, math.MaxInt64},
		},
		policy.FieldParallelLevel: {
			set:     func(p *policy.Policy, v int64) { p.ParallelCompressionLevel = &v },
			accepts: []int64{0, 1, 9, 20},
			refuse:  []int64{math.MinInt64, -1, 21, math.MaxInt64},
		},
		policy.FieldPostCopyBandwidth: {
			set:     func(p *policy.Policy, v int64) { p.PostCopyBandwidthMiBPerSecond = &v },
			accepts: []int64{0, 1, 8796093022207},
			refuse:  []int64{math.MinInt64, -1, 8796093022208, math.MaxInt64},
		},
		policy.FieldSwitchoverBandwidth: {
			set:     func(p *policy.Policy, v int64) { p.SwitchoverBandwidthMiBPerSecond = &v },
			accepts: []int64{0, 1, 8796093022207},
			refuse:  []int64{math.MinInt64, -1, 8796093022208, math.MaxInt64},
		},
	}
	for field, test := range integers {
		t.Run(string(field), func(t *testing.T) {
			t.Parallel()

			for _, value := range test.accepts {
				var p policy.Policy
				test.set(&p, value)
				if problems := p.Validate(); len(problems) > 0 {
					t.Errorf("%d is refused: %v", value, problems)
				}
			}
			for _, value := range test.refuse {
				var p policy.Policy
				test.set(&p, value)
				if diff := cmp.Diff([]policy.Field{field}, problemFields(p.Validate())); diff != "" {
					t.Errorf("%d: fields with problems (-want +got):\n%s", value, diff)
				}
			}
		})
	}
}

func TestNamesAreWhatPeopleRecognise(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]bool{
		"db": true, "Galera, Übung": true, strings.Repeat("a", 255): true,
		"": false, " db": false, "db ": false, "d\nb": false, strings.Repeat("a", 256): false,
	} {
		problems := policy.Policy{AntiAffinityGroup: &name}.Validate()
		if (len(problems) == 0) != valid {
			t.Errorf("%q: %v", name, problems)
		}
	}
}

func TestValidateAccepts(t *testing.T) {
	t.Parallel()

	tests := map[string]policy.Policy{
		"nothing at all":                             {},
		"auto-converge, tuned":                       {AutoConverge: new(true), AutoConvergeInitial: new(int64(30)), AutoConvergeIncrement: new(int64(20))},
		"tuning of a feature that inherits":          {AutoConvergeInitial: new(int64(30)), CompressionCacheMiB: new(int64(128))},
		"compression, tuned":                         {Compression: new(true), CompressionCacheMiB: new(int64(512))},
		"compression with parallel off":              {Compression: new(true), ParallelConnections: new(int64(0))},
		"parallel without compression":               {Compression: new(false), ParallelConnections: new(int64(8))},
		"parallel, compression inherits":             {ParallelConnections: new(int64(8))},
		"switching to post-copy where it is let":     {PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
		"switching to post-copy, post_copy inherits": {OnTimeout: new(policy.SwitchToPostCopy)},
		"pause without post-copy":                    {PostCopy: new(false), OnTimeout: new(policy.Pause)},
		"zstd at its highest level": {
			ParallelConnections: new(int64(2)), ParallelCompression: new(policy.Zstd), ParallelCompressionLevel: new(int64(20)),
		},
		"zlib at its highest level":               {ParallelCompression: new(policy.Zlib), ParallelCompressionLevel: new(int64(9))},
		"a level of a method that inherits":       {ParallelCompressionLevel: new(int64(20))},
		"parallel compression, encrypted":         {ParallelCompression: new(policy.Zstd), Encryption: new(true)},
		"no parallel compression beside XBZRLE":   {ParallelCompression: new(policy.NoCompression), Compression: new(true)},
		"zero-copy over connections that inherit": {ZeroCopy: new(true), Encryption: new(false), Compression: new(false)},
		"no zero-copy beside all else": {
			ZeroCopy: new(false), Encryption: new(true), ParallelCompression: new(policy.Zlib), ParallelConnections: new(int64(4)),
		},
		"no timeouts":                  {Timeout: new(time.Duration(0)), StallTimeout: new(time.Duration(0))},
		"stall timeout beyond timeout": {Timeout: new(time.Minute), StallTimeout: new(time.Hour)},
		"the longest timeout":          {Timeout: new(time.Duration(math.MaxInt64))},
	}
	for name, p := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if problems := p.Validate(); len(problems) > 0 {
				t.Errorf("refused: %v", problems)
			}
		})
	}
}

func TestValidateSaysWhatIsWrongAndWhatWouldBeRight(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		policy policy.Policy
		want   []policy.Problem
	}{
		"a percentage out of range": {
			policy.Policy{AutoConvergeInitial: new(int64(100))},
			[]policy.Problem{{Field: policy.FieldAutoConvergeInitial, Text: "100 is not a whole number from 1 to 99 (percent)."}},
		},
		"a downtime of nothing": {
			policy.Policy{MaxDowntimeMS: new(int64(0))},
			[]policy.Problem{{Field: policy.FieldMaxDowntimeMS, Text: "0 is not a whole number from 1 to 2000000 (milliseconds)."}},
		},
		"a negative bandwidth": {
			policy.Policy{BandwidthMiBPerSecond: new(int64(-1))},
			[]policy.Problem{{Field: policy.FieldBandwidth, Text: "-1 is not a whole number from 0 to 8796093022207 (MiB/s, where 0 is no limit)."}},
		},
		"a single parallel connection": {
			policy.Policy{ParallelConnections: new(int64(1))},
			[]policy.Problem{{Field: policy.FieldParallelConnections, Text: "1 is neither 0 (off) nor a whole number from 2 to 255 (connections)."}},
		},
		"a cache that is no power of two": {
			policy.Policy{CompressionCacheMiB: new(int64(100))},
			[]policy.Problem{{Field: policy.FieldCompressionCacheMiB, Text: "100 is not a power of two from 1 to 4398046511104 (MiB), as QEMU requires of the XBZRLE cache (64, 128, 256, …)."}},
		},
		"negative timeouts": {
			policy.Policy{Timeout: new(-time.Second), StallTimeout: new(-time.Nanosecond)},
			[]policy.Problem{
				{Field: policy.FieldTimeout, Text: "A duration cannot be negative."},
				{Field: policy.FieldStallTimeout, Text: "A duration cannot be negative."},
			},
		},
		"an unknown on_timeout": {
			policy.Policy{OnTimeout: new(policy.OnTimeout("postcopy"))},
			[]policy.Problem{{Field: policy.FieldOnTimeout, Text: `"postcopy" is not valid: it must be one of "abort", "post_copy", "pause".`}},
		},
		"an empty on_timeout": {
			policy.Policy{OnTimeout: new(policy.OnTimeout(""))},
			[]policy.Problem{{Field: policy.FieldOnTimeout, Text: `"" is not valid: it must be one of "abort", "post_copy", "pause".`}},
		},
		"auto-converge off, with tuning": {
			policy.Policy{AutoConverge: new(false), AutoConvergeInitial: new(int64(20)), AutoConvergeIncrement: new(int64(10))},
			[]policy.Problem{
				{Field: policy.FieldAutoConvergeInitial, Text: "auto_converge_initial tunes auto_converge, which is set to false on the same level. Remove one of the two."},
				{Field: policy.FieldAutoConvergeIncrement, Text: "auto_converge_increment tunes auto_converge, which is set to false on the same level. Remove one of the two."},
			},
		},
		"compression off, with a cache": {
			policy.Policy{Compression: new(false), CompressionCacheMiB: new(int64(64))},
			[]policy.Problem{{Field: policy.FieldCompressionCacheMiB, Text: "compression_cache_mib tunes compression, which is set to false on the same level. Remove one of the two."}},
		},
		"compression with parallel connections": {
			policy.Policy{Compression: new(true), ParallelConnections: new(int64(2))},
			[]policy.Problem{{Field: policy.FieldParallelConnections, Text: "compression is XBZRLE, which QEMU cannot do over parallel connections: pages sent over them bypass it. Set parallel_connections to 0 or compression to false."}},
		},
		"a level beyond those of zlib": {
			policy.Policy{ParallelCompression: new(policy.Zlib), ParallelCompressionLevel: new(int64(10))},
			[]policy.Problem{{Field: policy.FieldParallelLevel, Text: `10 is not between 0 and 9, the levels of zlib. Set a level of those, or parallel_compression to "zstd".`}},
		},
		"a level beyond those of zstd": {
			policy.Policy{ParallelCompressionLevel: new(int64(21))},
			[]policy.Problem{{Field: policy.FieldParallelLevel, Text: "21 is not a whole number from 0 to 20 (zlib: up to 9)."}},
		},
		"an unknown method": {
			policy.Policy{ParallelCompression: new(policy.ParallelCompression("lz4"))},
			[]policy.Problem{{Field: policy.FieldParallelCompression, Text: `"lz4" is not valid: it must be one of "none", "zlib", "zstd".`}},
		},
		"parallel compression off, with a level": {
			policy.Policy{ParallelCompression: new(policy.NoCompression), ParallelCompressionLevel: new(int64(3))},
			[]policy.Problem{{Field: policy.FieldParallelLevel, Text: "parallel_compression_level tunes parallel_compression, which is set to none on the same level. Remove one of the two."}},
		},
		"no parallel connections, with what is for them": {
			policy.Policy{ParallelConnections: new(int64(0)), ParallelCompression: new(policy.Zstd), ZeroCopy: new(true), Compression: new(true)},
			[]policy.Problem{
				{Field: policy.FieldParallelCompression, Text: "parallel_compression tunes parallel_connections, which is set to 0 on the same level. Remove one of the two."},
				{Field: policy.FieldZeroCopy, Text: "zero_copy tunes parallel_connections, which is set to 0 on the same level. Remove one of the two."},
				{Field: policy.FieldZeroCopy, Text: `QEMU cannot compress memory that the kernel sends from where it is. Set zero_copy to false, or parallel_compression to "none".`},
			},
		},
		"XBZRLE with parallel compression": {
			policy.Policy{Compression: new(true), ParallelCompression: new(policy.Zlib)},
			[]policy.Problem{{Field: policy.FieldParallelCompression, Text: "parallel_compression is for parallel connections, over which QEMU cannot do XBZRLE (compression). Remove one of the two."}},
		},
		"XBZRLE with zero-copy": {
			policy.Policy{Compression: new(true), ZeroCopy: new(true)},
			[]policy.Problem{{Field: policy.FieldZeroCopy, Text: "zero_copy is for parallel connections, over which QEMU cannot do XBZRLE (compression). Remove one of the two."}},
		},
		"XBZRLE with zero-copy over parallel connections is said once": {
			policy.Policy{Compression: new(true), ZeroCopy: new(true), ParallelConnections: new(int64(2))},
			[]policy.Problem{{Field: policy.FieldParallelConnections, Text: "compression is XBZRLE, which QEMU cannot do over parallel connections: pages sent over them bypass it. Set parallel_connections to 0 or compression to false."}},
		},
		"encryption with zero-copy": {
			policy.Policy{Encryption: new(true), ZeroCopy: new(true)},
			[]policy.Problem{{Field: policy.FieldZeroCopy, Text: "QEMU cannot encrypt memory that the kernel sends from where it is. Set zero_copy or encryption to false."}},
		},
		"no post-copy, with a bandwidth for it": {
			policy.Policy{PostCopy: new(false), PostCopyBandwidthMiBPerSecond: new(int64(0))},
			[]policy.Problem{{Field: policy.FieldPostCopyBandwidth, Text: "post_copy_bandwidth_mib_per_second tunes post_copy, which is set to false on the same level. Remove one of the two."}},
		},
		"a switch to post-copy where it is not let": {
			policy.Policy{PostCopy: new(false), OnTimeout: new(policy.SwitchToPostCopy)},
			[]policy.Problem{{Field: policy.FieldOnTimeout, Text: `on_timeout is "post_copy", but post_copy is false, so the migration may not be switched. Set post_copy to true, or on_timeout to "abort" or "pause".`}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, test.policy.Validate()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()

	p := policy.Policy{
		AutoConverge:        new(false),
		AutoConvergeInitial: new(int64(0)),
		Compression:         new(true),
		ParallelConnections: new(int64(300)),
		PostCopy:            new(false),
		OnTimeout:           new(policy.SwitchToPostCopy),
	}
	want := []policy.Field{
		policy.FieldAutoConvergeInitial, policy.FieldParallelConnections, // Out of range.
		policy.FieldAutoConvergeInitial, policy.FieldParallelConnections, policy.FieldOnTimeout, // Contradictions.
	}
	if diff := cmp.Diff(want, problemFields(p.Validate())); diff != "" {
		t.Errorf("fields with problems (-want +got):\n%s", diff)
	}
}

func problemFields(problems []policy.Problem) []policy.Field {
	var fields []policy.Field
	for _, problem := range problems {
		fields = append(fields, problem.Field)
	}
	return fields
}

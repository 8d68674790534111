package explain

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestConvergence(t *testing.T) {
	t.Parallel()
	hot := migration.Figures{DirtyRate: 110 << 20, Bandwidth: 60 << 20}
	compressing := func(pages, misses int64) migration.Figures {
		f := hot
		f.Last = migration.Job{CompressionPages: &pages, CompressionCacheMisses: &misses}
		return f
	}
	throttled := func(percent int64) migration.Figures {
		f := hot
		f.Throttle = percent
		return f
	}
	tests := map[string]struct {
		policy  policy.Policy
		figures migration.Figures
		least   *uint64
		want    []policy.Field
		words   string
	}{
		"everything is off": {
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
			words:   "auto_converge is false (default)",
		},
		"everything is on and compression works": {
			policy:  policy.Policy{AutoConverge: new(true), Compression: new(true), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
			figures: compressing(1000, 10),
			want:    []policy.Field{policy.FieldAutoConvergeInitial},
			words:   "QEMU had not begun to throttle",
		},
		"the throttle could rise": {
			policy:  policy.Policy{AutoConverge: new(true), Compression: new(true), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
			figures: throttled(40),
			want:    []policy.Field{policy.FieldAutoConvergeIncrement},
			words:   "reached 40 % of 99 %",
		},
		"the throttle cannot rise": {
			policy:  policy.Policy{AutoConverge: new(true), Compression: new(true), PostCopy: new(true)},
			figures: throttled(99),
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldOnTimeout},
			words:   "can rise no further",
		},
		"the cache is too small": {
			policy:  policy.Policy{AutoConverge: new(true), Compression: new(true), CompressionCacheMiB: new(int64(32)), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
			figures: compressing(100, 900),
			want:    []policy.Field{policy.FieldAutoConvergeInitial, policy.FieldCompressionCacheMiB},
			words:   "90 % of the pages were not in the XBZRLE cache of 32 MiB",
		},
		"the limit is used up": {
			policy:  policy.Policy{BandwidthMiBPerSecond: new(int64(60))},
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldBandwidth, policy.FieldPostCopy},
			words:   "bandwidth_mib_per_second is 60 (vm) and was used up, while the guest dirtied 110 MiB/s",
		},
		"the first pass has not ended, and the limit is used up": {
			policy: policy.Policy{BandwidthMiBPerSecond: new(int64(60)), Timeout: new(20 * time.Second)},
			figures: migration.Figures{
				Begun: true, Bandwidth: 60 << 20, Last: migration.Job{Iteration: 1, MemoryTotal: 6000 << 20},
			},
			want:  []policy.Field{policy.FieldTimeout, policy.FieldBandwidth, policy.FieldPostCopy},
			words: "timeout is 20s (vm): one pass over the guest's memory, 6000 MiB, takes about 1m40s at the 60 MiB/s that were sent",
		},
		"the first pass has not ended on a slow link": {
			policy: policy.Policy{Timeout: new(20 * time.Second), PostCopy: new(true), OnTimeout: new(policy.SwitchToPostCopy)},
			figures: migration.Figures{
				Begun: true, Bandwidth: 60 << 20, Last: migration.Job{Iteration: 1, MemoryTotal: 6000 << 20},
			},
			want: []policy.Field{policy.FieldTimeout},
		},
		"disks are still copied, and the guest writes as fast": {
			policy: policy.Policy{BandwidthMiBPerSecond: new(int64(60))},
			figures: migration.Figures{
				Mirrored: true, Mirror: migration.MirrorFigures{Remaining: 600 << 20, Rate: 60 << 20, WriteRate: 60 << 20},
			},
			want:  []policy.Field{policy.FieldSynchronousWrites, policy.FieldBandwidth},
			words: "synchronous_writes is false (default): true lets each write of the guest wait",
		},
		"disks are still copied, and only time was short": {
			policy: policy.Policy{SynchronousWrites: new(true), Timeout: new(20 * time.Second)},
			figures: migration.Figures{
				Mirrored: true, Mirror: migration.MirrorFigures{Remaining: 600 << 20, Rate: 60 << 20, WriteRate: 30 << 20},
			},
			want:  []policy.Field{policy.FieldTimeout},
			words: "the rest of the disks would have taken about 20s",
		},
		"the limit is not used up": {
			policy:  policy.Policy{BandwidthMiBPerSecond: new(int64(200))},
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
		},
		"the limit is nearly used up": {
			policy:  policy.Policy{BandwidthMiBPerSecond: new(int64(66))}, // to 91 %
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldBandwidth, policy.FieldPostCopy},
		},
		"the limit is not what holds it up": {
			policy:  policy.Policy{BandwidthMiBPerSecond: new(int64(68))}, // used to 88 %
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
		},
		"a longer pause would do": {
			policy:  policy.Policy{MaxDowntimeMS: new(int64(100))},
			figures: hot,
			least:   new(uint64(30 << 20)),
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldMaxDowntimeMS, policy.FieldPostCopy},
			words:   "takes a pause of 501 ms at 60 MiB/s; max_downtime_ms allowed 100 ms",
		},
		"no pause is long enough on a link that is nearly dead": {
			policy:  policy.Policy{},
			figures: migration.Figures{DirtyRate: 110 << 20, Bandwidth: 1},
			least:   new(uint64(math.MaxUint64)),
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
		},
		"the longest pause there is": {
			policy:  policy.Policy{},
			figures: migration.Figures{DirtyRate: 110 << 20, Bandwidth: 1000},
			least:   new(uint64(policy.MaxMaxDowntimeMS - 1)),
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldMaxDowntimeMS, policy.FieldPostCopy},
			words:   "takes a pause of 2000000 ms",
		},
		"a longer pause than there is": {
			policy:  policy.Policy{},
			figures: migration.Figures{DirtyRate: 110 << 20, Bandwidth: 1000},
			least:   new(uint64(policy.MaxMaxDowntimeMS)),
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
		},
		"compression beside parallel connections": {
			policy:  policy.Policy{ParallelConnections: new(int64(4))},
			figures: hot,
			want:    []policy.Field{policy.FieldAutoConverge, policy.FieldCompression, policy.FieldPostCopy},
			words:   "needs parallel_connections = 0",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.figures.Least = test.least
			all := convergence(policy.Resolve(policy.Levels{VM: test.policy}), test.figures)
			var fields []policy.Field
			var text strings.Builder
			for _, a := range all {
				fields = append(fields, a.field)
				text.WriteString(a.text + "\n")
			}
			if !slices.Equal(fields, test.want) {
				t.Errorf("fields %v, want %v", fields, test.want)
			}
			if !strings.Contains(text.String(), test.words) {
				t.Errorf("%q does not say %q", text.String(), test.words)
			}
		})
	}
}

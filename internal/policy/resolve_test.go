package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// eachLevel gives access to the levels by origin, strongest first.
var eachLevel = []struct {
	origin policy.Origin
	at     func(*policy.Levels) *policy.Policy
}{
	{policy.OriginRun, func(l *policy.Levels) *policy.Policy { return &l.Run }},
	{policy.OriginVM, func(l *policy.Levels) *policy.Policy { return &l.VM }},
	{policy.OriginCluster, func(l *policy.Levels) *policy.Policy { return &l.Cluster }},
	{policy.OriginGlobal, func(l *policy.Levels) *policy.Policy { return &l.Global }},
}

// builtInEffective is written out, so that it does not lean on the code it
// checks.
func builtInEffective() policy.Effective {
	origins := slices.Repeat(policy.Origins{policy.OriginDefault}, len(policy.Fields()))
	return policy.Effective{
		Policy: policy.Policy{
			AutoConverge:        new(false),
			Compression:         new(false),
			ParallelConnections: new(int64(0)),
			PostCopy:            new(false),
			Encryption:          new(false),
			ParallelCompression: new(policy.NoCompression),
			ZeroCopy:            new(false),
			Timeout:             new(30 * time.Minute),
			StallTimeout:        new(2 * time.Minute),
			OnTimeout:           new(policy.Abort),
			CopyStorage:         new(policy.CopyNone),
			SynchronousWrites:   new(false),
			Evacuation:          new(policy.EvacuateLive),
		},
		Origins: origins,
	}
}

func TestResolveWithoutAnyLevelIsBuiltIn(t *testing.T) {
	t.Parallel()

	if diff := cmp.Diff(builtInEffective(), policy.Resolve(policy.Levels{})); diff != "" {
		t.Errorf("effective policy (-want +got):\n%s", diff)
	}
}

func TestResolveTakesOneFieldFromAnyLevel(t *testing.T) {
	t.Parallel()

	tests := map[policy.Field]struct {
		set  func(*policy.Policy)
		want func(*policy.Effective)
	}{
		policy.FieldPreset: {
			func(p *policy.Policy) { p.Preset = new(policy.Preset("none that is known")) },
			func(e *policy.Effective) { e.Preset = new(policy.Preset("none that is known")) },
		},
		policy.FieldMaxThrottlePercent: {
			func(p *policy.Policy) { p.MaxThrottlePercent = new(int64(60)) },
			func(e *policy.Effective) { e.MaxThrottlePercent = new(int64(60)) },
		},
		policy.FieldCompressionCacheMax: {
			func(p *policy.Policy) { p.CompressionCacheMaxMiB = new(int64(256)) },
			func(e *policy.Effective) { e.CompressionCacheMaxMiB = new(int64(256)) },
		},
		policy.FieldDowntimeScheduleMS: {
			func(p *policy.Policy) { p.DowntimeScheduleMS = new(policy.Numbers{100, 200}) },
			func(e *policy.Effective) { e.DowntimeScheduleMS = new(policy.Numbers{100, 200}) },
		},
		policy.FieldAutoConverge: {
			func(p *policy.Policy) { p.AutoConverge = new(true) },
			func(e *policy.Effective) { e.Policy.AutoConverge = new(true) },
		},
		policy.FieldAutoConvergeInitial: {
			func(p *policy.Policy) { p.AutoConvergeInitial = new(int64(31)) },
			func(e *policy.Effective) { e.AutoConvergeInitial = new(int64(31)) },
		},
		policy.FieldAutoConvergeIncrement: {
			func(p *policy.Policy) { p.AutoConvergeIncrement = new(int64(17)) },
			func(e *policy.Effective) { e.AutoConvergeIncrement = new(int64(17)) },
		},
		policy.FieldCompression: {
			func(p *policy.Policy) { p.Compression = new(true) },
			func(e *policy.Effective) { e.Policy.Compression = new(true) },
		},
		policy.FieldCompressionCacheMiB: {
			func(p *policy.Policy) { p.CompressionCacheMiB = new(int64(128)) },
			func(e *policy.Effective) { e.CompressionCacheMiB = new(int64(128)) },
		},
		policy.FieldBandwidth: {
			func(p *policy.Policy) { p.BandwidthMiBPerSecond = new(int64(0)) },
			func(e *policy.Effective) { e.BandwidthMiBPerSecond = new(int64(0)) },
		},
		policy.FieldMaxDowntimeMS: {
			func(p *policy.Policy) { p.MaxDowntimeMS = new(int64(500)) },
			func(e *policy.Effective) { e.MaxDowntimeMS = new(int64(500)) },
		},
		policy.FieldParallelConnections: {
			func(p *policy.Policy) { p.ParallelConnections = new(int64(4)) },
			func(e *policy.Effective) { e.Policy.ParallelConnections = new(int64(4)) },
		},
		policy.FieldPostCopy: {
			func(p *policy.Policy) { p.PostCopy = new(true) },
			func(e *policy.Effective) { e.Policy.PostCopy = new(true) },
		},
		policy.FieldEncryption: {
			func(p *policy.Policy) { p.Encryption = new(true) },
			func(e *policy.Effective) { e.Policy.Encryption = new(true) },
		},
		policy.FieldParallelCompression: {
			func(p *policy.Policy) { p.ParallelCompression = new(policy.Zstd) },
			func(e *policy.Effective) { e.ParallelCompression = new(policy.Zstd) },
		},
		policy.FieldParallelLevel: {
			func(p *policy.Policy) { p.ParallelCompressionLevel = new(int64(3)) },
			func(e *policy.Effective) { e.ParallelCompressionLevel = new(int64(3)) },
		},
		policy.FieldZeroCopy: {
			func(p *policy.Policy) { p.ZeroCopy = new(true) },
			func(e *policy.Effective) { e.Policy.ZeroCopy = new(true) },
		},
		policy.FieldPostCopyBandwidth: {
			func(p *policy.Policy) { p.PostCopyBandwidthMiBPerSecond = new(int64(11)) },
			func(e *policy.Effective) { e.PostCopyBandwidthMiBPerSecond = new(int64(11)) },
		},
		policy.FieldSwitchoverBandwidth: {
			func(p *policy.Policy) { p.SwitchoverBandwidthMiBPerSecond = new(int64(1000)) },
			func(e *policy.Effective) { e.SwitchoverBandwidthMiBPerSecond = new(int64(1000)) },
		},
		policy.FieldTimeout: {
			func(p *policy.Policy) { p.Timeout = new(time.Duration(0)) },
			func(e *policy.Effective) { e.Policy.Timeout = new(time.Duration(0)) },
		},
		policy.FieldStallTimeout: {
			func(p *policy.Policy) { p.StallTimeout = new(7 * time.Second) },
			func(e *policy.Effective) { e.Policy.StallTimeout = new(7 * time.Second) },
		},
		policy.FieldOnTimeout: {
			func(p *policy.Policy) { p.OnTimeout = new(policy.Pause) },
			func(e *policy.Effective) { e.Policy.OnTimeout = new(policy.Pause) },
		},
		policy.FieldCopyStorage: {
			func(p *policy.Policy) { p.CopyStorage = new(policy.CopyAuto) },
			func(e *policy.Effective) { e.Policy.CopyStorage = new(policy.CopyAuto) },
		},
		policy.FieldSynchronousWrites: {
			func(p *policy.Policy) { p.SynchronousWrites = new(true) },
			func(e *policy.Effective) { e.Policy.SynchronousWrites = new(true) },
		},
		policy.FieldEvacuation: {
			func(p *policy.Policy) { p.Evacuation = new(policy.EvacuateShutDown) },
			func(e *policy.Effective) { e.Policy.Evacuation = new(policy.EvacuateShutDown) },
		},
		policy.FieldAntiAffinityGroup: {
			func(p *policy.Policy) { p.AntiAffinityGroup = new("db") },
			func(e *policy.Effective) { e.Policy.AntiAffinityGroup = new("db") },
		},
	}
	if len(tests) != len(policy.Fields()) {
		t.Errorf("%d fields of %d are tested", len(tests), len(policy.Fields()))
	}
	for field, test := range tests {
		t.Run(string(field), func(t *testing.T) {
			t.Parallel()

			for _, level := range eachLevel {
				var levels policy.Levels
				test.set(level.at(&levels))
				want := builtInEffective()
				if settable(field, level.origin) {
					test.want(&want)
					want.Origins[slices.Index(policy.Fields(), field)] = level.origin
				}
				if diff := cmp.Diff(want, policy.Resolve(levels)); diff != "" {
					t.Errorf("set on %s: effective policy (-want +got):\n%s", level.origin, diff)
				}
			}
		})
	}
}

func TestResolveLetsAStrongerLevelSwitchOff(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		levels policy.Levels
		want   bool
		origin policy.Origin
	}{
		"global on":                        {policy.Levels{Global: on()}, true, policy.OriginGlobal},
		"cluster off over global on":       {policy.Levels{Cluster: off(), Global: on()}, false, policy.OriginCluster},
		"VM on over cluster off":           {policy.Levels{VM: on(), Cluster: off(), Global: on()}, true, policy.OriginVM},
		"VM inherits its cluster":          {policy.Levels{Cluster: on(), Global: off()}, true, policy.OriginCluster},
		"VM without cluster":               {policy.Levels{VM: off(), Global: on()}, false, policy.OriginVM},
		"run off over everything on":       {policy.Levels{Run: off(), VM: on(), Cluster: on(), Global: on()}, false, policy.OriginRun},
		"equal on every level is the VM's": {policy.Levels{VM: on(), Cluster: on(), Global: on()}, true, policy.OriginVM},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			got := policy.Resolve(test.levels)
			if got.AutoConverge() != test.want || got.Origins.Of(policy.FieldAutoConverge) != test.origin {
				t.Errorf("auto_converge = %t from %s, want %t from %s",
					got.AutoConverge(), got.Origins.Of(policy.FieldAutoConverge), test.want, test.origin)
			}
		})
	}
}

func on() policy.Policy  { return policy.Policy{AutoConverge: new(true)} }
func off() policy.Policy { return policy.Policy{AutoConverge: new(false)} }

func TestResolveTakesEachFieldFromTheStrongestLevelThatSetsIt(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		levels := randomLevels(r)
		got := policy.Resolve(levels)
		if len(got.Origins) != len(policy.Fields()) {
			t.Fatalf("seed %d: %d origins for %d fields", seed, len(got.Origins), len(policy.Fields()))
		}
		for _, field := range policy.Fields() {
			want, origin := policy.BuiltIn().Text(field), policy.OriginDefault
			for _, level := range slices.Backward(eachLevel) {
				if p := level.at(&levels).Expanded(); slices.Contains(p.Fields(), field) && settable(field, level.origin) {
					want, origin = p.Text(field), level.origin
				}
			}
			if got.Policy.Text(field) != want || got.Origins.Of(field) != origin {
				t.Fatalf("seed %d: %s = %s from %s, want %s from %s",
					seed, field, got.Policy.Text(field), got.Origins.Of(field), want, origin)
			}
		}
	}
}

func TestResolveIsNotChangedByAFieldThatInherits(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		levels := randomLevels(r)
		level := oneOf(r, eachLevel...)
		before := policy.Resolve(levels)
		inherited := slices.DeleteFunc(policy.Fields(), func(field policy.Field) bool {
			return slices.Contains(level.at(&levels).Expanded().Fields(), field)
		})
		*level.at(&levels) = policy.Policy{}
		after := policy.Resolve(levels)
		for _, field := range inherited {
			if diff := cmp.Diff(valueOf(before, field), valueOf(after, field)); diff != "" {
				t.Fatalf("seed %d: %s inherits on %s, and without that level it changed (-with +without):\n%s",
					seed, field, level.origin, diff)
			}
		}
	}
}

func TestResolveIsNotChangedByAWeakerLevel(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		levels := randomLevels(r)
		strong := r.IntN(len(eachLevel) - 1)
		weak := strong + 1 + r.IntN(len(eachLevel)-strong-1)
		field := oneOf(r, singleFields()...)
		if !settable(field, eachLevel[strong].origin) {
			continue
		}
		randomize[field](r, eachLevel[strong].at(&levels))
		before := policy.Resolve(levels)
		randomize[field](r, eachLevel[weak].at(&levels))
		if diff := cmp.Diff(before, policy.Resolve(levels)); diff != "" {
			t.Fatalf("seed %d: %s is set on %s, and changing it on %s changed (-before +after):\n%s",
				seed, field, eachLevel[strong].origin, eachLevel[weak].origin, diff)
		}
	}
}

func TestResolveKeepsFieldsIndependent(t *testing.T) {
	t.Parallel()

	for seed, r := range rounds() {
		levels := randomLevels(r)
		before := policy.Resolve(levels)
		changed, level := oneOf(r, singleFields()...), oneOf(r, eachLevel...)
		randomize[changed](r, level.at(&levels))
		after := policy.Resolve(levels)
		for _, field := range policy.Fields() {
			if diff := cmp.Diff(valueOf(before, field), valueOf(after, field)); diff != "" && field != changed {
				t.Fatalf("seed %d: changing %s on %s changed %s (-before +after):\n%s",
					seed, changed, level.origin, field, diff)
			}
		}
	}
}

// settable tells whether a level may set a field. One that may not is as if it had not.
func settable(field policy.Field, level policy.Origin) bool {
	d, _ := policy.DefinitionOf(string(field))
	return d.At(level)
}

// singleFields are those that stand for no others.
func singleFields() []policy.Field {
	return slices.DeleteFunc(policy.Fields(), func(field policy.Field) bool { return field == policy.FieldPreset })
}

type value struct {
	Text   string
	Origin policy.Origin
}

func valueOf(e policy.Effective, field policy.Field) value {
	return value{e.Policy.Text(field), e.Origins.Of(field)}
}

func BenchmarkResolve(b *testing.B) {
	levels := policy.Levels{
		VM:      policy.Policy{Compression: new(true), CompressionCacheMiB: new(int64(256))},
		Cluster: policy.Policy{AutoConverge: new(true), MaxDowntimeMS: new(int64(500))},
		Global:  policy.Policy{AutoConverge: new(false), Compression: new(false), Timeout: new(time.Hour)},
	}
	b.ReportAllocs()
	for b.Loop() {
		if got := policy.Resolve(levels); !got.Compression() {
			b.Fatal("compression is lost")
		}
	}
}

// resolveAllocations is what resolving one VM's policy allocates: the origins.
const resolveAllocations = 1

func TestResolveAllocations(t *testing.T) { //nolint:paralleltest // allocations of others would count
	levels := policy.Levels{VM: policy.Policy{Compression: new(true)}, Global: policy.Policy{Timeout: new(time.Hour)}}
	if got := testing.AllocsPerRun(100, func() { policy.Resolve(levels) }); got > resolveAllocations {
		t.Errorf("%.0f allocations, more than %d", got, resolveAllocations)
	}
}

package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tuning is a field that tunes parallel_connections. Policy holds its value where
// it holds that of compression_cache_mib.
func tuning(e entry[int64]) Definition {
	e.field, e.tunes = "tuning", FieldParallelConnections
	return define(integer, func(p *Policy) **int64 { return &p.CompressionCacheMiB }, e)
}

func TestTuningContradictsAFeatureThatIsOffWhereItAsksForSomething(t *testing.T) {
	t.Parallel()

	told := tuning(entry[int64]{libvirt: func(v int64) Parameters {
		if v == 0 {
			return Parameters{}
		}
		return ullongParameter("tuning", 1)(v)
	}})
	heeded := tuning(entry[int64]{engine: true})
	const contradicts = "tuning tunes parallel_connections, which is set to 0 on the same level. Remove one of the two."
	tests := map[string]struct {
		field  Definition
		policy Policy
		want   []string
	}{
		"nothing is asked for":          {told, Policy{ParallelConnections: new(int64(0)), CompressionCacheMiB: new(int64(0))}, nil},
		"something is asked for":        {told, Policy{ParallelConnections: new(int64(0)), CompressionCacheMiB: new(int64(1))}, []string{contradicts}},
		"the feature is on":             {told, Policy{ParallelConnections: new(int64(2)), CompressionCacheMiB: new(int64(1))}, nil},
		"the feature inherits":          {told, Policy{CompressionCacheMiB: new(int64(1))}, nil},
		"the tuning inherits":           {told, Policy{ParallelConnections: new(int64(0))}, nil},
		"the engine heeds every value":  {heeded, Policy{ParallelConnections: new(int64(0)), CompressionCacheMiB: new(int64(0))}, []string{contradicts}},
		"the engine's, which inherits":  {heeded, Policy{ParallelConnections: new(int64(0))}, nil},
		"the engine's, feature is on":   {heeded, Policy{ParallelConnections: new(int64(2)), CompressionCacheMiB: new(int64(1))}, nil},
		"the engine's, feature unknown": {heeded, Policy{CompressionCacheMiB: new(int64(1))}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			if diff := cmp.Diff(test.want, test.field.contradictions(&test.policy)); diff != "" {
				t.Errorf("contradictions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFieldIsForLibvirtOrForTheEngine(t *testing.T) {
	t.Parallel()

	tests := map[string]struct {
		entry  entry[int64]
		panics bool
	}{
		"neither": {entry[int64]{}, true},
		"both":    {entry[int64]{engine: true, libvirt: intParameter("tuning")}, true},
		"libvirt": {entry[int64]{libvirt: intParameter("tuning")}, false},
		"libvirt, by the rest of the policy": {
			entry[int64]{libvirtBy: func(v int64, _ Policy) Parameters { return intParameter("tuning")(v) }}, false,
		},
		"libvirt twice": {
			entry[int64]{
				libvirt:   intParameter("tuning"),
				libvirtBy: func(v int64, _ Policy) Parameters { return intParameter("tuning")(v) },
			}, true,
		},
		"engine": {entry[int64]{engine: true}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			defer func() {
				if got := recover(); (got != nil) != test.panics {
					t.Errorf("define panics with %v, want that it panics: %t", got, test.panics)
				}
			}()
			if d := tuning(test.entry); d.Engine != test.entry.engine {
				t.Errorf("the engine's own: %t, want %t", d.Engine, test.entry.engine)
			}
		})
	}
}

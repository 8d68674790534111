package policy

import "testing"

// tuning is a field that tunes parallel_connections. Policy holds its value where
// it holds that of compression_cache_mib.
func tuning(e entry[int64]) Definition {
	e.field, e.tunes = "tuning", FieldParallelConnections
	return define(integer, func(p *Policy) **int64 { return &p.CompressionCacheMiB }, e)
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
		"engine":  {entry[int64]{engine: true}, false},
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

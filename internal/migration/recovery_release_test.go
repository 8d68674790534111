package migration

import "testing"

func TestUnfitReleases(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version             uint64
		source, destination ReleaseFault
	}{
		{8_004_000, CannotRecover, CannotRecover},
		{8_010_000, CannotRecover, CannotRecover},
		{9_000_000, "", ""},
		{11_001_000, "", ""},
		{11_002_000, "", CrashesOnRecovery},
		{11_003_000, "", CrashesOnRecovery},
		{11_003_099, "", CrashesOnRecovery},
		{11_004_000, "", ""},
		{12_008_000, "", ""},
	} {
		source, _ := unfit(test.version, false)
		destination, _ := unfit(test.version, true)
		if source.Fault != test.source || destination.Fault != test.destination {
			t.Errorf("%d: the source's is %q, the destination's %q", test.version, source.Fault, destination.Fault)
		}
	}
}

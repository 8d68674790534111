package storage

import "testing"

func TestVolume_Untouched(t *testing.T) {
	t.Parallel()
	seen := leftover()
	tests := map[string]struct {
		change func(*Volume)
		want   bool
	}{
		"as it was":        {func(*Volume) {}, true},
		"other pool":       {func(v *Volume) { v.Pool = "another" }, true},
		"written to":       {func(v *Volume) { v.Modified = "1.6" }, false},
		"longer":           {func(v *Volume) { v.Length++ }, false},
		"larger":           {func(v *Volume) { v.Capacity++ }, false},
		"another format":   {func(v *Volume) { v.Format = "raw" }, false},
		"without its time": {func(v *Volume) { v.Modified = "" }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := leftover()
			test.change(&now)
			if got := seen.Untouched(&now); got != test.want {
				t.Errorf("untouched: %v, want %v", got, test.want)
			}
		})
	}
	if seen.Untouched(nil) {
		t.Error("what is gone is untouched")
	}
	timeless := leftover()
	timeless.Modified = ""
	if timeless.Untouched(&timeless) {
		t.Error("what has no time is untouched")
	}
}

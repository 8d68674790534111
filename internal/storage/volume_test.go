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

func TestVolume_SameFile(t *testing.T) {
	t.Parallel()
	seen := leftover()
	seen.Changed = "1.500000001"
	for name, c := range map[string]struct {
		change func(*Volume)
		want   bool
	}{
		"one file":                  {func(*Volume) {}, true},
		"seen through another pool": {func(v *Volume) { v.Pool, v.Path = "nfs", "/mnt/web.qcow2" }, true},
		"copied with its time":      {func(v *Volume) { v.Changed = "1.600000002" }, false},
		"written to":                {func(v *Volume) { v.Modified, v.Changed = "2.1", "2.1" }, false},
		"another size":              {func(v *Volume) { v.Capacity++ }, false},
		"another length":            {func(v *Volume) { v.Length++ }, false},
		"takes more":                {func(v *Volume) { v.Allocation++ }, false},
		"a host that tells no time": {func(v *Volume) { v.Changed = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := seen
			c.change(&now)
			if got := seen.SameFile(&now); got != c.want {
				t.Errorf("same file: %v, want %v", got, c.want)
			}
		})
	}
	timeless := leftover()
	if seen.SameFile(nil) || timeless.SameFile(&timeless) {
		t.Error("what is not there, or has no time, is the same")
	}
}

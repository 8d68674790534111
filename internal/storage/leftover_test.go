package storage

import (
	"testing"
	"time"
)

// Times have as many digits as the file system keeps, and what is no time proves nothing.
func TestLeftover_leftByItsTime(t *testing.T) {
	t.Parallel()
	noted := Leftover{leftover(), time.Unix(60, 0)}
	for modified, want := range map[string]bool{
		"1.5": true, "1.50": true, "1.500000001": true, "2": true, "60": true, "60.1": false, "1.4": false, "0": false,
		"": false, "1.5000000000": false, "1.x": false, "soon": false,
	} {
		now := leftover()
		now.Modified = modified
		if got := noted.left(now); got != want {
			t.Errorf("modified at %q: left is %t, want %t", modified, got, want)
		}
	}
}

// What had no time when it was noted and has one now was written to since, for all that is known.
func TestRequest_staleWithoutATime(t *testing.T) {
	t.Parallel()
	timeless := leftover()
	timeless.Modified = ""
	r := Request{Leftovers: []Leftover{{Volume: timeless}}}
	for name, test := range map[string]struct {
		change func(*Facts)
		want   bool
	}{
		"without a time now, too":         {func(d *Facts) { d.There.Modified = "" }, true},
		"with a time now":                 {func(*Facts) {}, false},
		"without a time, of another size": {func(d *Facts) { d.There.Modified, d.There.Capacity = "", 1 }, false},
	} {
		if got := r.stale(disk(there(test.change))); got != test.want {
			t.Errorf("%s: stale is %t, want %t", name, got, test.want)
		}
	}
}

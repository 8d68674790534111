package storage

import (
	"testing"
	"time"
)

// Only what was not written to since it was noted is certainly what a move has left. Times have as many digits as the file
// system keeps, and what is no time proves nothing.
func TestLeftover_leftByItsTime(t *testing.T) {
	t.Parallel()
	noted := Leftover{Volume: leftover(), WrittenUntil: time.Unix(60, 0)}
	for modified, want := range map[string]struct{ left, perhaps bool }{
		"1.5": {true, false}, "1.50": {false, true}, "1.500000001": {false, true}, "2": {false, true}, "60": {false, true},
		"60.1": {}, "1.4": {}, "0": {}, "": {}, "1.5000000000": {}, "1.x": {}, "soon": {},
	} {
		now := leftover()
		now.Modified = modified
		if left, perhaps := noted.left(now), noted.mayBeWritten(now); left != want.left || perhaps != want.perhaps {
			t.Errorf("modified at %q: left is %t, perhaps written %t, want %v", modified, left, perhaps, want)
		}
	}
}

// What had no time when it was noted is an old state of the disk for all that is known, unless it was written to after
// the move had ended; so is what nobody has noted since it was written to, by a move without a time limit.
func TestRequest_stale(t *testing.T) {
	t.Parallel()
	timeless := leftover()
	timeless.Modified = ""
	ended := time.Unix(60, 0)
	untimed, unlimited := Leftover{Volume: timeless, EndedBy: ended}, Leftover{Volume: leftover()}
	for name, test := range map[string]struct {
		noted  Leftover
		change func(*Facts)
		want   Obstacle
	}{
		"without a time now, too":         {untimed, func(d *Facts) { d.There.Modified = "" }, StaleLeftover},
		"with a time now":                 {untimed, func(*Facts) {}, PerhapsStale},
		"written to since":                {untimed, func(d *Facts) { d.There.Modified = "60.1" }, ""},
		"without a time, of another size": {untimed, func(d *Facts) { d.There.Modified, d.There.Capacity = "", 1 }, ""},
		"with a time, of another size":    {untimed, func(d *Facts) { d.There.Capacity = 1 }, ""},
		"which no pool lists":             {untimed, func(d *Facts) { d.There = nil }, PerhapsStale},
		"which nobody has looked for":     {untimed, func(d *Facts) { d.There, d.Presence = nil, PresenceUnknown }, PerhapsStale},
		"which is gone":                   {untimed, func(d *Facts) { d.There, d.Presence = nil, Absent }, ""},
		"of a move without a time limit":  {unlimited, func(d *Facts) { d.There.Modified = "9" }, PerhapsStale},
		"noted at the end, changed since": {Leftover{Volume: leftover(), EndedBy: ended}, func(d *Facts) { d.There.Modified = "9" }, ""},
		"the same file on both hosts":     {untimed, func(d *Facts) { d.SameFile = true }, ""},
	} {
		if got := (Request{Leftovers: []Leftover{test.noted}}).stale(disk(there(test.change))); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

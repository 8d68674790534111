package lease

import (
	"testing"
	"time"
)

// A lease is stale once nobody has renewed it for long enough, by the clock of who looks.
func TestSightings(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 23, 0, 0, 0, time.UTC)
	valid, expired := Holder{Run: "a"}.Until(now.Add(time.Hour)).Encode(), Holder{Run: "a"}.Until(now.Add(-time.Hour)).Encode()
	type look struct {
		after       time.Duration
		description string
		stale       bool
		ended       bool
	}
	for name, looks := range map[string][]look{
		"seen for the first time":             {{0, expired, false, false}},
		"expired, and not renewed":            {{0, expired, false, false}, {Life/2 - 1, expired, false, false}, {Life / 2, expired, true, false}},
		"the other clock is ahead":            {{0, valid, false, false}, {Life - 1, valid, false, false}, {Life, valid, true, false}},
		"the other clock is late, and renews": {{0, expired, false, false}, {Renewal, expired + " ", false, false}, {2 * Renewal, expired, false, false}},
		"its run has ended":                   {{0, valid, false, true}, {Settled - 1, valid, false, true}, {Settled, valid, true, true}},
		"it renewed just before it ended":     {{0, valid, false, false}, {Settled, valid + " ", false, true}, {2*Settled - 1, valid + " ", false, true}, {2 * Settled, valid + " ", true, true}},
		"nobody knows what it says":           {{0, "?", false, false}, {Life / 2, "?", true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Sightings
			for _, l := range looks {
				if got := s.Stale("1", l.description, l.ended, now.Add(l.after)); got != l.stale {
					t.Errorf("after %s: got %t", l.after, got)
				}
			}
		})
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	h := Holder{VM: "1", Name: `<web> & "é"`, Run: "a/1/b", Process: Process{"b/pid:[1]", 7}}.Until(time.Now())
	if got := Decode(h.Encode()); got != h {
		t.Errorf("got %+v, want %+v", got, h)
	}
	if got := Decode("see the wiki"); got != (Holder{}) {
		t.Errorf("got %+v", got)
	}
}

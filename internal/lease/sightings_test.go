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
	}
	for name, looks := range map[string][]look{
		"seen for the first time":             {{0, expired, false}},
		"expired, and not renewed":            {{0, expired, false}, {Life/2 - 1, expired, false}, {Life / 2, expired, true}},
		"the other clock is ahead":            {{0, valid, false}, {Life - 1, valid, false}, {Life, valid, true}},
		"the other clock is late, and renews": {{0, expired, false}, {Renewal, expired + " ", false}, {2 * Renewal, expired, false}},
		"nobody knows what it says":           {{0, "?", false}, {Life / 2, "?", true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Sightings
			for _, l := range looks {
				if got := s.Stale("1", l.description, now.Add(l.after)); got != l.stale {
					t.Errorf("after %s: got %t", l.after, got)
				}
			}
		})
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	h := Holder{VM: "1", Name: `<web> & "é"`, Run: "a/1/b"}.Until(time.Now())
	if got := Decode(h.Encode()); got != h {
		t.Errorf("got %+v, want %+v", got, h)
	}
	if got := Decode("see the wiki"); got != (Holder{}) {
		t.Errorf("got %+v", got)
	}
}

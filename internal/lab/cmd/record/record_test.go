package main

import (
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lab/recordings"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestShare: guests that are moved at a time have all of the time that is left, once no other waits.
func TestShare(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		guests, together int
		want             time.Duration
	}{
		"six, two at a time":     {6, 2, 6 * time.Minute},
		"the last two":           {2, 2, 18 * time.Minute},
		"the last beside nobody": {1, 2, 18 * time.Minute},
	} {
		if got := share(18*time.Minute, test.guests, test.together); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestMoves: each set moves six guests over three links, with switches on and off; the sets share neither.
func TestMoves(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	used := map[int64]bool{}
	for _, set := range []string{recordings.Development, recordings.Independent} {
		for _, g := range guests[set] {
			if names[g.name] {
				t.Errorf("%s is in both sets", g.name)
			}
			names[g.name] = true
		}
		of := map[int64]bool{}
		on, off := 0, 0
		for _, m := range moves(set) {
			link := *m.policy.BandwidthMiBPerSecond
			if used[link] {
				t.Errorf("%d MiB/s is in both sets", link)
			}
			of[link] = true
			if e := policy.Resolve(policy.Levels{Run: m.policy}); e.AutoConverge() || e.Compression() {
				on++
			} else {
				off++
			}
		}
		for link := range of {
			used[link] = true
		}
		if len(guests[set]) != 6 || len(of) != 3 || on == 0 || off == 0 || len(guests[set])*(on+off) < 60 {
			t.Errorf("%s: %d guests over %d links, %d moves with a switch and %d without", set, len(guests[set]), len(of), on, off)
		}
	}
}

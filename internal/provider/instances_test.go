package provider

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestInstancesKnowsWhoseRecordMayBeReplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// happens is what this run does while the planning waits.
		happens func(i *instances, meanwhile func(func()))
		want    bool
		within  time.Duration
	}{
		"nothing more is read": {func(*instances, func(func())) {}, false, quiet},
		"it was read before":   {func(i *instances, meanwhile func(func())) { i.reads("owner") }, true, 0},
		"it is read later, after others": {func(i *instances, meanwhile func(func())) {
			meanwhile(func() {
				for range 5 {
					time.Sleep(quiet / 2)
					i.reads("other")
				}
				i.reads("owner")
			})
		}, true, 3 * quiet},
		"others are read for ever": {func(i *instances, meanwhile func(func())) {
			meanwhile(func() {
				for range 30 {
					time.Sleep(quiet / 2)
					i.reads("other")
				}
			})
		}, false, mostWait},
		"it is removed by this apply":                      {func(i *instances, meanwhile func(func())) { i.removes("VM", "owner", policy.Policy{}) }, true, 0},
		"this run applies what an earlier one has planned": {func(i *instances, meanwhile func(func())) { i.makes("other") }, true, 0},
		"another resource of this apply has just made it":  {func(i *instances, meanwhile func(func())) { i.makes("owner") }, false, 0},
		"another resource of this apply makes it meanwhile": {func(i *instances, meanwhile func(func())) {
			meanwhile(func() { time.Sleep(quiet / 2); i.makes("owner") })
		}, false, quiet / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newInstances()
				var others sync.WaitGroup
				defer others.Wait()
				test.happens(i, others.Go)
				started := time.Now()
				if got := i.knows(t.Context(), "owner"); got != test.want {
					t.Errorf("known: %v, want %v", got, test.want)
				}
				if took := time.Since(started); took > test.within {
					t.Errorf("that took %s, want at most %s", took, test.within)
				}
			})
		})
	}
	if newInstances().knows(t.Context(), "") {
		t.Error("a record that nobody claims has a known owner")
	}
}

func TestInstancesRemembersWhatItRemoves(t *testing.T) {
	t.Parallel()
	i := newInstances()
	i.removes("VM", "owner", policy.Policy{MaxDowntimeMS: new(int64(400))})
	if got := i.removedFrom("VM", policy.Policy{}); got != "owner" {
		t.Errorf("a record that said something else was %q's, want the owner's", got)
	}
	if got := i.removedFrom("VM", policy.Policy{MaxDowntimeMS: new(int64(400))}); got != "" {
		t.Errorf("an equal record needs no replacement, got %q", got)
	}
	if got := i.removedFrom("another", policy.Policy{}); got != "" {
		t.Errorf("another record was %q's", got)
	}
}

package provider

import (
	"fmt"
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
				for range 40 {
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
				if got, others := i.mayReplace(t.Context(), "owner", refusal{}); got != test.want || len(others) > 0 {
					t.Errorf("it may: %v, want %v; others are refused: %v", got, test.want, others)
				}
				if took := time.Since(started); took > test.within {
					t.Errorf("that took %s, want at most %s", took, test.within)
				}
			})
		})
	}
	if may, _ := newInstances().mayReplace(t.Context(), "", refusal{}); may {
		t.Error("a record that nobody claims has a known owner")
	}
}

// TestInstancesLeavesRoomForReading plans many resources at once, as many as
// Terraform does at a time, and reads their former instances only when one of the
// places is free.
func TestInstancesLeavesRoomForReading(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		records, foreign int
	}{
		"all are this plan's":       {60, 0},
		"some are another's":        {60, 12},
		"all are another's":         {60, 60},
		"one is another's":          {60, 1},
		"one is there, and no more": {1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newInstances()
				places := make(chan struct{}, 10)
				var (
					wg      sync.WaitGroup
					mu      sync.Mutex
					refused = map[string]bool{}
				)
				for n := range test.records {
					owner := fmt.Sprint(n)
					wg.Go(func() {
						places <- struct{}{}
						defer func() { <-places }()
						may, others := i.mayReplace(t.Context(), owner, refusal{detail: owner})
						mu.Lock()
						defer mu.Unlock()
						if !may {
							refused[owner] = true
						}
						for _, r := range others {
							refused[r.detail] = true
						}
					})
				}
				for n := test.foreign; n < test.records; n++ {
					wg.Go(func() {
						places <- struct{}{}
						defer func() { <-places }()
						time.Sleep(quiet / 4)
						i.reads(fmt.Sprint(n))
					})
				}
				wg.Wait()
				for n := range test.records {
					if got, want := refused[fmt.Sprint(n)], n < test.foreign; got != want {
						t.Errorf("record %d is refused: %v, want %v", n, got, want)
					}
				}
			})
		})
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

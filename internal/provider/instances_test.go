package provider

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
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
		"nothing more is read":                  {func(*instances, func(func())) {}, false, quiet},
		"it was planned to be destroyed before": {func(i *instances, meanwhile func(func())) { i.reads("owner"); i.destroys("owner") }, true, 0},
		"it was planned to stay":                {func(i *instances, meanwhile func(func())) { i.reads("owner"); i.keeps("owner") }, false, 0},
		"it is planned to stay later": {func(i *instances, meanwhile func(func())) {
			i.reads("owner")
			meanwhile(func() { time.Sleep(quiet / 2); i.keeps("owner") })
		}, false, quiet / 2},
		"it was read, and is tainted": {func(i *instances, meanwhile func(func())) { i.reads("owner") }, true, quiet},
		"it is read later, after others": {func(i *instances, meanwhile func(func())) {
			meanwhile(func() {
				for range 5 {
					time.Sleep(quiet / 2)
					i.reads("other")
				}
				i.destroys("owner")
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
		"it is removed by this apply": {func(i *instances, meanwhile func(func())) { i.removes("VM", "owner") }, true, 0},
		"it is removed later by this apply": {func(i *instances, meanwhile func(func())) {
			i.makes("other")
			meanwhile(func() { time.Sleep(quiet / 2); i.removes("VM", "owner") })
		}, true, quiet},
		"this apply plans it anew, and does not remove it": {func(i *instances, meanwhile func(func())) { i.makes("other"); i.reads("owner") }, false, quiet},
		"this run applies what an earlier one has planned": {func(i *instances, meanwhile func(func())) { i.makes("other") }, false, quiet},
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
						i.destroys(fmt.Sprint(n))
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
	declaration := func(cluster string, ms int64) fleet.Declaration {
		return fleet.Declaration{Cluster: cluster, Policy: policy.Policy{MaxDowntimeMS: &ms}}
	}
	document := `{"version":1,"cluster":"a","owner":"owner","max_downtime_ms":400}`
	record, err := policy.DecodeRecord([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	copies := []fleet.Copy{{Host: "kvm1", Document: &document, Record: record}}
	for name, test := range map[string]struct {
		of       string
		declared fleet.Declaration
		want     string
	}{
		"it said something else": {"a", declaration("a", 500), "owner"},
		"it said the same":       {"a", declaration("a", 400), ""},
		"it was of another one":  {"b", declaration("a", 500), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newInstances()
				done := i.removes("a", "owner")
				go func() { // the removal takes its time
					time.Sleep(quiet)
					done(copies)
				}()
				if got := i.removedFrom(t.Context(), test.of, test.declared); got != test.want {
					t.Errorf("it was removed from %q, want %q", got, test.want)
				}
				time.Sleep(quiet)
			})
		})
	}
}

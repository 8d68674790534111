package instance

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestRegistryKnowsWhoseRecordMayBeReplaced(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// happens is what this run does while the planning waits.
		happens func(r *Registry, meanwhile func(func()))
		want    bool
		within  time.Duration
	}{
		"nothing more is read":                  {func(*Registry, func(func())) {}, false, quiet},
		"it was planned to be destroyed before": {func(r *Registry, meanwhile func(func())) { r.Reads("owner"); r.Destroys("owner") }, true, 0},
		"it was planned to stay":                {func(r *Registry, meanwhile func(func())) { r.Reads("owner"); r.Keeps("owner") }, false, 0},
		"it is planned to stay later": {func(r *Registry, meanwhile func(func())) {
			r.Reads("owner")
			meanwhile(func() { time.Sleep(quiet / 2); r.Keeps("owner") })
		}, false, quiet / 2},
		"it was read, and is tainted": {func(r *Registry, meanwhile func(func())) { r.Reads("owner") }, true, quiet},
		"it is read later, after others": {func(r *Registry, meanwhile func(func())) {
			meanwhile(func() {
				for range 5 {
					time.Sleep(quiet / 2)
					r.Reads("other")
				}
				r.Destroys("owner")
			})
		}, true, 3 * quiet},
		"others are read for ever": {func(r *Registry, meanwhile func(func())) {
			meanwhile(func() {
				for range 40 {
					time.Sleep(quiet / 2)
					r.Reads("other")
				}
			})
		}, false, mostWait},
		"it is removed by this apply": {func(r *Registry, meanwhile func(func())) { r.Removes("VM", "owner") }, true, 0},
		"it is removed later by this apply": {func(r *Registry, meanwhile func(func())) {
			r.Makes("other")
			meanwhile(func() { time.Sleep(quiet / 2); r.Removes("VM", "owner") })
		}, true, quiet},
		"this apply plans it anew, and does not remove it": {func(r *Registry, meanwhile func(func())) { r.Makes("other"); r.Reads("owner") }, false, quiet},
		"this run applies what an earlier one has planned": {func(r *Registry, meanwhile func(func())) { r.Makes("other") }, false, quiet},
		"another resource of this apply has just made it":  {func(r *Registry, meanwhile func(func())) { r.Makes("owner") }, false, 0},
		"another resource of this apply makes it meanwhile": {func(r *Registry, meanwhile func(func())) {
			meanwhile(func() { time.Sleep(quiet / 2); r.Makes("owner") })
		}, false, quiet / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := NewRegistry()
				var others sync.WaitGroup
				defer others.Wait()
				test.happens(r, others.Go)
				started := time.Now()
				if got, others := r.MayReplace(t.Context(), "owner", Refusal{}); got != test.want || len(others) > 0 {
					t.Errorf("it may: %v, want %v; others are refused: %v", got, test.want, others)
				}
				if took := time.Since(started); took > test.within {
					t.Errorf("that took %s, want at most %s", took, test.within)
				}
			})
		})
	}
	if may, _ := NewRegistry().MayReplace(t.Context(), "", Refusal{}); may {
		t.Error("a record that nobody claims has a known owner")
	}
}

// TestRegistryLeavesRoomForReading plans many resources at once, as many as
// Terraform does at a time, and reads their former instances only when one of the
// places is free.
func TestRegistryLeavesRoomForReading(t *testing.T) {
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
				r := NewRegistry()
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
						may, others := r.MayReplace(t.Context(), owner, Refusal{Detail: owner})
						mu.Lock()
						defer mu.Unlock()
						if !may {
							refused[owner] = true
						}
						for _, refusal := range others {
							refused[refusal.Detail] = true
						}
					})
				}
				for n := test.foreign; n < test.records; n++ {
					wg.Go(func() {
						places <- struct{}{}
						defer func() { <-places }()
						time.Sleep(quiet / 4)
						r.Reads(fmt.Sprint(n))
						r.Destroys(fmt.Sprint(n))
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

func TestRegistryRemembersWhatItRemoves(t *testing.T) {
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
				r := NewRegistry()
				done := r.Removes("a", "owner")
				go func() { // the removal takes its time
					time.Sleep(quiet)
					done(copies)
				}()
				if got := r.RemovedFrom(t.Context(), test.of, test.declared); got != test.want {
					t.Errorf("it was removed from %q, want %q", got, test.want)
				}
				time.Sleep(quiet)
			})
		})
	}
}

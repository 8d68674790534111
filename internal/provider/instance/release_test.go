package instance

import (
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func TestReleases(t *testing.T) {
	t.Parallel()
	both := []string{"kvm1", "kvm2"}
	for name, test := range map[string]struct {
		happens func(*Changes)
		took    time.Duration
		want    map[string]Release
	}{
		"nothing is heard": {func(*Changes) {}, releaseQuiet, map[string]Release{"kvm1": Kept, "kvm2": Kept}},
		"one is released":  {func(c *Changes) { c.Leave(both[:1]) }, releaseQuiet, map[string]Release{"kvm1": Released, "kvm2": Kept}},
		"the other one is released later": {
			func(c *Changes) {
				c.Leave(both[:1])
				time.Sleep(4 * time.Second)
				c.Leave(both[1:])
			}, 4 * time.Second, map[string]Release{"kvm1": Released, "kvm2": Released},
		},
		"a cluster ends": {
			func(c *Changes) {
				c.Removes(Change{Record: Record{Level: policy.OriginCluster, Of: "batch"}, Removed: true, Hosts: both})
			},
			0,
			map[string]Release{"kvm1": Released, "kvm2": Released},
		},
		"global settings end": {
			func(c *Changes) {
				c.Removes(Change{Record: Record{Level: policy.OriginGlobal}, Removed: true, Hosts: both})
			},
			releaseQuiet,
			map[string]Release{"kvm1": Kept, "kvm2": Kept},
		},
		"there is other news for ever": {
			func(c *Changes) {
				for range 40 {
					time.Sleep(time.Second)
					c.Stays(Record{})
				}
			}, mostWait, map[string]Release{"kvm1": ReleaseUnknown, "kvm2": ReleaseUnknown},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, began := NewChanges(), time.Now()
				var happening sync.WaitGroup
				happening.Go(func() { test.happens(c) })
				defer happening.Wait()
				got := c.Releases(t.Context(), both)
				if took := time.Since(began); took != test.took || !maps.Equal(got, test.want) {
					t.Errorf("got %v after %s, want %v after %s", got, took, test.want, test.took)
				}
			})
		})
	}
}

// TestReleasesOfMany lets as many plans wait as Terraform has turns left for what they wait
// for.
func TestReleasesOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewChanges()
		for range mostBlocked {
			go c.Releases(t.Context(), []string{"kvm1"})
		}
		synctest.Wait()
		if got := c.Releases(t.Context(), []string{"kvm1"})["kvm1"]; got != ReleaseUnknown {
			t.Errorf("got %v, want that it is unknown", got)
		}
		c.Leave([]string{"kvm1"})
		if got := c.Releases(t.Context(), []string{"kvm1"})["kvm1"]; got != Released {
			t.Errorf("got %v, want that it is released", got)
		}
		if (*Changes)(nil).Releases(t.Context(), []string{"kvm1"}) != nil {
			t.Error("a provider that is not configured knows something")
		}
	})
}

package instance

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// TestChangesForeseeTheMembersOfACluster asks for the hosts of cluster a, whose record kvm1 and kvm2 have.
func TestChangesForeseeTheMembersOfACluster(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(*Changes)
		want    []string
		unknown bool
	}{
		"nothing changes":                 {func(*Changes) {}, []string{"kvm1", "kvm2"}, false},
		"another policy on the same":      {func(c *Changes) { plan(c, clusterChange("a", 2, "kvm1", "kvm2")) }, []string{"kvm1", "kvm2"}, false},
		"a host joins":                    {func(c *Changes) { plan(c, clusterChange("a", 2, "kvm1", "kvm2", "kvm3")) }, []string{"kvm1", "kvm2", "kvm3"}, false},
		"a host joins another cluster":    {func(c *Changes) { plan(c, clusterChange("b", 2, "kvm3")) }, []string{"kvm1", "kvm2"}, false},
		"a host changes clusters":         {func(c *Changes) { plan(c, clusterChange("b", 2, "kvm2", "kvm3")) }, []string{"kvm1"}, false},
		"a host leaves":                   {func(c *Changes) { plan(c, clusterChange("a", 2, "kvm1"), removed(clusterChange("a", 0, "kvm2"))) }, []string{"kvm1"}, false},
		"its hosts are unknown":           {func(c *Changes) { plan(c, unknown(clusterChange("a", 2))) }, nil, true},
		"a cluster's name is unknown":     {func(c *Changes) { plan(c, unknown(clusterChange("", 2))) }, nil, true},
		"another one's hosts are unknown": {func(c *Changes) { plan(c, unknown(clusterChange("b", 2))) }, []string{"kvm1", "kvm2"}, false},
		"a destroy is planned":            {func(c *Changes) { plan(c, removed(clusterChange("a", 0, "kvm1", "kvm2"))) }, nil, true},
		"another one's destroy":           {func(c *Changes) { plan(c, removed(clusterChange("b", 0, "kvm3"))) }, []string{"kvm1", "kvm2"}, false},
		"it is declared at another address": {func(c *Changes) {
			plan(c, removed(clusterChange("a", 0, "kvm1", "kvm2")))
			plan(c, clusterChange("a", 2, "kvm1", "kvm3"), removed(clusterChange("a", 0, "kvm2")))
		}, []string{"kvm1", "kvm3"}, false},
		"it is declared at another address on the same hosts": {func(c *Changes) {
			plan(c, removed(clusterChange("a", 0, "kvm1", "kvm2")))
			plan(c, clusterChange("a", 2, "kvm1", "kvm2"))
		}, []string{"kvm1", "kvm2"}, false},
		"a change has failed": {func(c *Changes) {
			plan(c, clusterChange("a", 2, "kvm1", "kvm2", "kvm3"))
			c.Writes(Record{policy.OriginCluster, "a"})(false)
		}, []string{"kvm1", "kvm2"}, false},
		"a plan does not come to its end": {func(c *Changes) { c.Begins(Record{policy.OriginCluster, "b"}) }, nil, true},
		"a VM's policy is being planned":  {func(c *Changes) { c.Begins(Record{policy.OriginVM, "web"}) }, []string{"kvm1", "kvm2"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewChanges()
				test.happens(c)
				members, known := c.Members(t.Context(), "a", []string{"kvm1", "kvm2"}, Settle)
				if known == test.unknown || known && !slices.Equal(members, test.want) {
					t.Errorf("got %v, known is %v, want %v", members, known, test.want)
				}
			})
		})
	}
}

// TestChangesAwaitTheClusterThatAMoveChoosesFrom has a move wait until the hosts are in their cluster.
func TestChangesAwaitTheClusterThatAMoveChoosesFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cluster string
		waits   bool
	}{
		"the one that is written": {"a", true},
		"another one":             {"b", false},
		"none":                    {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewChanges()
				plan(c, clusterChange("a", 2, "kvm3"))
				move := web
				move.Cluster = test.cluster
				c.MovePlanned(move)
				if c.Pending("web") != test.waits {
					t.Fatalf("it waits: %v", !test.waits)
				}
				began := time.Now()
				var writing sync.WaitGroup
				defer writing.Wait()
				writing.Go(func() {
					time.Sleep(time.Second)
					c.Writes(Record{policy.OriginCluster, "a"})(true)
				})
				if !c.Await(t.Context(), "web") || time.Since(began) >= time.Second != test.waits {
					t.Errorf("it has waited for %s", time.Since(began))
				}
			})
		})
	}
}

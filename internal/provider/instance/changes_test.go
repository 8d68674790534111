package instance

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/fleet"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

func downtime(ms int64) policy.Policy { return policy.Policy{MaxDowntimeMS: &ms} }

// web is a move of the VM that the changes of these tests are about.
var web = Move{VM: "web", Location: fleet.Location{Host: "kvm1", Domain: migration.Domain{
	Name: "web", UUID: "6d696772-6174-4e00-8000-676c6f62616c",
}}}

func vmChange(of string, ms int64) Change {
	return Change{Record: Record{policy.OriginVM, of}, Policy: downtime(ms)}
}

func clusterChange(name string, ms int64, hosts ...string) Change {
	return Change{Record: Record{policy.OriginCluster, name}, Hosts: hosts, Policy: downtime(ms)}
}

func unknown(c Change) Change {
	c.Unknown = true
	return c
}

func removed(c Change) Change {
	c.Removed, c.Policy = true, policy.Policy{}
	return c
}

// plan plans changes whose resources Terraform asks for one after the other.
func plan(c *Changes, parts ...Change) []Move {
	c.Begins(parts[0].Record)
	return c.Plans(parts[0].Record, parts...)
}

func TestChangesForeseeThePolicy(t *testing.T) {
	t.Parallel()
	global := Change{Record: Record{Level: policy.OriginGlobal}, Hosts: []string{"kvm1", "kvm2"}, Policy: downtime(3)}
	for name, test := range map[string]struct {
		happens                 func(c *Changes)
		vm, cluster, everywhere int64 // 0 for a record that is removed, -1 where it stays as it is
		unknown                 bool
	}{
		"nothing changes":               {func(*Changes) {}, -1, -1, -1, false},
		"by name":                       {func(c *Changes) { plan(c, vmChange("web", 1)) }, 1, -1, -1, false},
		"by UUID":                       {func(c *Changes) { plan(c, vmChange(web.Location.Domain.UUID, 1)) }, 1, -1, -1, false},
		"of another VM":                 {func(c *Changes) { plan(c, vmChange("db", 1)) }, -1, -1, -1, false},
		"of a VM that is unknown":       {func(c *Changes) { plan(c, unknown(vmChange("", 1))) }, -1, -1, -1, true},
		"with values that are unknown":  {func(c *Changes) { plan(c, unknown(vmChange("web", 1))) }, -1, -1, -1, true},
		"of its cluster":                {func(c *Changes) { plan(c, clusterChange("a", 2, "kvm1")) }, -1, 2, -1, false},
		"of a cluster without its host": {func(c *Changes) { plan(c, clusterChange("a", 2, "kvm2")) }, -1, -1, -1, false},
		"of a cluster of unknown hosts": {func(c *Changes) { plan(c, unknown(clusterChange("a", 2))) }, -1, -1, -1, true},
		"of all levels": {func(c *Changes) {
			plan(c, global)
			plan(c, clusterChange("a", 2, "kvm1"))
			plan(c, vmChange("web", 1))
		}, 1, 2, 3, false},
		"its host leaves a cluster": {func(c *Changes) {
			plan(c, clusterChange("a", 2, "kvm2"), removed(clusterChange("a", 0, "kvm1")))
		}, -1, 0, -1, false},
		"its host changes clusters": {func(c *Changes) {
			plan(c, clusterChange("a", 4, "kvm1"))
			plan(c, clusterChange("b", 2, "kvm2"), removed(clusterChange("b", 0, "kvm1")))
		}, -1, 4, -1, false},
		"it was written":   {func(c *Changes) { plan(c, vmChange("web", 1)); c.Writes(Record{policy.OriginVM, "web"})(true) }, 1, -1, -1, false},
		"its write failed": {func(c *Changes) { plan(c, vmChange("web", 1)); c.Writes(Record{policy.OriginVM, "web"})(false) }, -1, -1, -1, false},
		"a removal is planned, and not planned again": {func(c *Changes) { plan(c, removed(vmChange("web", 0))) }, 0, -1, -1, true},
		"what is to be removed is read, planned before": {func(c *Changes) {
			plan(c, removed(vmChange("web", 0)))
			c.Begins(Record{policy.OriginVM, "web"})
			plan(c, vmChange("web", 1))
		}, 1, -1, -1, false},
		"a removal has begun":       {func(c *Changes) { c.Removes(removed(vmChange("web", 0))) }, 0, -1, -1, false},
		"a removal left the record": {func(c *Changes) { c.Removes(removed(vmChange("web", 0)))(false) }, -1, -1, -1, false},
		"it is declared at another address": {func(c *Changes) {
			plan(c, removed(vmChange(web.Location.Domain.UUID, 0)))
			plan(c, vmChange("web", 1))
		}, 1, -1, -1, false},
		"its plan comes to no change":   {func(c *Changes) { c.Begins(Record{policy.OriginVM, "web"}); c.Stays(Record{policy.OriginVM, "web"}) }, -1, -1, -1, false},
		"its plan does not come to end": {func(c *Changes) { c.Begins(Record{policy.OriginVM, "web"}) }, -1, -1, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewChanges()
				test.happens(c)
				coming, known := c.Coming(t.Context(), web, Settle)
				if known == test.unknown {
					t.Errorf("known is %v", known)
				}
				if test.unknown {
					return
				}
				for level, got := range map[string]struct {
					policy *policy.Policy
					want   int64
				}{"VM": {coming.VM, test.vm}, "cluster": {coming.Cluster, test.cluster}, "global": {coming.Global, test.everywhere}} {
					switch want := got.want; {
					case want < 0 && got.policy != nil, want >= 0 && got.policy == nil:
						t.Errorf("%s: %v is coming, want %d", level, got.policy, want)
					case want == 0 && !got.policy.Empty(), want > 0 && !got.policy.Equal(downtime(want)):
						t.Errorf("%s: %v is coming, want %d", level, *got.policy, want)
					}
				}
			})
		})
	}
}

// TestChangesSeeWhatIsIndependent tells by the order in which Terraform asks whether a
// move depends on a policy.
func TestChangesSeeWhatIsIndependent(t *testing.T) {
	t.Parallel()
	policyRecord := Record{policy.OriginVM, "web"}
	for name, test := range map[string]struct {
		happens func(c *Changes) (changes []Change, moves []Move)
		by      string // which of the two is told
	}{
		"the policy before the move": {func(c *Changes) ([]Change, []Move) {
			moves := plan(c, vmChange("web", 1))
			c.MoveBegins("web")
			return c.MovePlanned(web), moves
		}, ""},
		"the policy ends within the move": {func(c *Changes) ([]Change, []Move) {
			c.Begins(policyRecord)
			c.MoveBegins("web")
			moves := c.Plans(policyRecord, vmChange("web", 1))
			return c.MovePlanned(web), moves
		}, "move"},
		"the move ends within the policy": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			c.Begins(policyRecord)
			changes := c.MovePlanned(web)
			return changes, c.Plans(policyRecord, vmChange("web", 1))
		}, "policy"},
		"the move before the policy": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			return c.MovePlanned(web), plan(c, vmChange("web", 1))
		}, "policy"},
		"the policy of another VM": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			return c.MovePlanned(web), plan(c, vmChange("db", 1))
		}, ""},
		"the policy moves to another address, before the move": {func(c *Changes) ([]Change, []Move) {
			plan(c, vmChange("web", 1))
			c.MoveBegins("web")
			plan(c, removed(vmChange(web.Location.Domain.UUID, 0)))
			return c.MovePlanned(web), plan(c, removed(vmChange(web.Location.Domain.UUID, 0)))
		}, ""},
		"its host leaves a cluster": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			moves := plan(c, clusterChange("a", 2, "kvm2"), removed(clusterChange("a", 0, "kvm1")))
			changes := c.MovePlanned(web)
			if len(changes) == 1 && changes[0].Removed {
				t.Error("the cluster's policy is told to be removed")
			}
			return changes, moves
		}, "move"},
		"the policy goes, planned before": {func(c *Changes) ([]Change, []Move) {
			moves := plan(c, removed(vmChange(web.Location.Domain.UUID, 0)))
			c.MoveBegins("web")
			return c.MovePlanned(web), moves
		}, "move"},
		"the policy goes": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			return c.MovePlanned(web), plan(c, removed(vmChange(web.Location.Domain.UUID, 0)))
		}, "policy"},
		"a VM that stays": {func(c *Changes) ([]Change, []Move) {
			c.MoveBegins("web")
			return nil, plan(c, vmChange("web", 1))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, moves := test.happens(NewChanges())
			if got := len(changes) > 0; got != (test.by == "move") {
				t.Errorf("the move is told of %v", changes)
			}
			if got := len(moves) > 0; got != (test.by == "policy") {
				t.Errorf("the policy is told of %v", moves)
			}
		})
	}
}

func TestChangesAreAwaited(t *testing.T) {
	t.Parallel()
	record := Record{policy.OriginVM, "web"}
	for name, test := range map[string]struct {
		happens func(c *Changes, meanwhile func(func()))
		takes   time.Duration
		over    bool
	}{
		"nothing changes":       {func(*Changes, func(func())) {}, 0, true},
		"it was written before": {func(c *Changes, _ func(func())) { plan(c, vmChange("web", 1)); c.Writes(record)(true) }, 0, true},
		"it is written soon": {func(c *Changes, meanwhile func(func())) {
			plan(c, vmChange("web", 1))
			meanwhile(func() { writeAfter(c, record, 3*time.Second, true) })
		}, 3 * time.Second, true},
		"it fails soon": {func(c *Changes, meanwhile func(func())) {
			plan(c, vmChange("web", 1))
			meanwhile(func() { writeAfter(c, record, 3*time.Second, false) })
		}, 3 * time.Second, true},
		"it is never written":   {func(c *Changes, _ func(func())) { plan(c, vmChange("web", 1)) }, mostWait, false},
		"another VM's never is": {func(c *Changes, _ func(func())) { plan(c, vmChange("db", 1)) }, 0, true},
		"it is being planned": {func(c *Changes, meanwhile func(func())) {
			c.Begins(record)
			meanwhile(func() { time.Sleep(time.Second); c.Stays(record) })
		}, time.Second, true},
		"its plan does not end": {func(c *Changes, _ func(func())) { c.Begins(record) }, mostWait, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := NewChanges()
				c.MovePlanned(web)
				var others sync.WaitGroup
				defer others.Wait()
				test.happens(c, others.Go)
				started := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), mostWait)
				defer cancel()
				if over := c.Await(ctx, "web"); over != test.over {
					t.Errorf("over is %v", over)
				}
				if took := time.Since(started); took != test.takes {
					t.Errorf("it waited %s, want %s", took, test.takes)
				}
			})
		})
	}
}

// TestMoveOf_changes are those that may be why another policy holds than the planned one.
func TestMoveOf_changes(t *testing.T) {
	t.Parallel()
	record := Record{policy.OriginVM, "web"}
	for name, test := range map[string]struct {
		before, meanwhile func(c *Changes) // the plan of the move
		want              []Change
	}{
		"made before the move": {
			before: func(c *Changes) { plan(c, vmChange("web", 1)); c.Writes(record)(true) },
		},
		"made beside it": {
			meanwhile: func(c *Changes) { plan(c, vmChange("web", 1)); c.Writes(record)(true) },
			want:      []Change{{Record: record, Policy: downtime(1)}},
		},
		"not made": {
			before: func(c *Changes) { plan(c, vmChange("web", 1)) },
			want:   []Change{{Record: record, Policy: downtime(1), Unwritten: true}},
		},
		"failed": {
			before: func(c *Changes) { plan(c, vmChange("web", 1)); c.Writes(record)(false) },
			want:   []Change{{Record: record, Policy: downtime(1), Failed: true}},
		},
		"being planned": {
			meanwhile: func(c *Changes) { c.Begins(record) },
			want:      []Change{{Record: record, Unwritten: true}},
		},
		"of another VM": {
			meanwhile: func(c *Changes) { c.Begins(Record{policy.OriginVM, "db"}); plan(c, vmChange("another", 1)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewChanges()
			if test.before != nil {
				test.before(c)
			}
			c.MoveBegins("web")
			if test.meanwhile != nil {
				test.meanwhile(c)
			}
			c.MovePlanned(web)
			if _, got, ok := c.MoveOf("web"); !ok || !cmp.Equal(got, test.want, cmp.Comparer(policy.Policy.Equal)) {
				t.Errorf("they are %v, want %v", got, test.want)
			}
		})
	}
}

// writeAfter writes a planned change after a time.
func writeAfter(c *Changes, record Record, after time.Duration, ok bool) {
	done := c.Writes(record)
	time.Sleep(after)
	done(ok)
}

// Before the provider is configured nothing is known, and nothing is waited for.
func TestChanges_none(t *testing.T) {
	t.Parallel()
	var c *Changes
	if _, changes, ok := c.MoveOf("web"); ok || len(changes) > 0 {
		t.Error("a move is known")
	}
	if c.Pending("web") || !c.Await(t.Context(), "web") {
		t.Error("a change is waited for")
	}
}

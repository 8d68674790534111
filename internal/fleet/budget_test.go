package fleet

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// party is moves over the same links.
type party struct {
	*testing.T
	budgets *budgets
}

func (p party) move(limits policy.Policy, source, destination string) *sharer {
	return p.budgets.sharer(places.Trip{VM: "vm", Source: source, Destination: destination}, policy.Resolve(policy.Levels{Run: limits}))
}

// joins lets a move join whose engine has told libvirt its share.
func (p party) joins(s *sharer, disks int) *sharer {
	s.Inform(migration.Hold{Limit: s.Join(p.Context(), disks), Fixed: disks > 0})
	return s
}

// obeys is an engine that tells libvirt each share, until the test ends.
func (p party) obeys(s *sharer) {
	share, changed := s.Share()
	s.Inform(migration.Hold{Limit: share})
	go func() {
		for {
			select {
			case <-changed:
				share, changed = s.Share()
				if wait(p.Context(), 20*time.Millisecond) != nil { // libvirt is being told
					return
				}
				s.Inform(migration.Hold{Limit: share})
			case <-p.Context().Done():
				return
			}
		}
	}()
}

func (p party) shares(want ...int64) {
	p.Helper()
	var have []int64
	for _, s := range p.budgets.sharers {
		share, _ := s.Share()
		have = append(have, share)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		p.Errorf("shares (-want +got):\n%s", diff)
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(party){
		"those who came give way before one more starts": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.obeys(first)
			if share := p.move(policy.Policy{}, "a", "b").Join(p.Context(), 0); share != 30 {
				p.Errorf("it starts with %d", share)
			}
			p.shares(30, 30)
		},
		"who does not give way is not waited for for long": func(p party) {
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			began := time.Now()
			if share := p.move(policy.Policy{}, "a", "b").Join(p.Context(), 0); share != leastShare || time.Since(began) != giveWayPatience {
				p.Errorf("it starts with %d after %s", share, time.Since(began))
			}
		},
		"what one leaves the others get": func(p party) {
			first, second := p.joins(p.move(policy.Policy{}, "a", "b"), 0), p.move(policy.Policy{}, "a", "b")
			p.obeys(first)
			p.joins(second, 0)
			second.leave()
			pass(p.T, time.Second)
			p.shares(60)
		},
		"the policy is a ceiling": func(p party) {
			p.joins(p.move(policy.Policy{BandwidthMiBPerSecond: new(int64(10))}, "a", "b"), 0)
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.shares(10, 50)
		},
		"a policy without a limit is no ceiling": func(p party) {
			p.joins(p.move(policy.Policy{BandwidthMiBPerSecond: new(int64(0))}, "a", "b"), 0)
			p.shares(60)
		},
		"in post-copy its own limit is the ceiling": func(p party) {
			first := p.move(policy.Policy{BandwidthMiBPerSecond: new(int64(10)), PostCopyBandwidthMiBPerSecond: new(int64(25))}, "a", "b")
			p.joins(first, 0)
			first.Inform(migration.Hold{Limit: 10, PostCopy: true})
			p.shares(25)
		},
		"a copy of disks takes half of the link until memory is sent": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 1)
			p.obeys(p.joins(p.move(policy.Policy{}, "a", "b"), 0))
			p.shares(30, 30)
			p.joins(p.move(policy.Policy{}, "a", "b"), 1)
			p.shares(30, 15, 15) // half of what the first does not keep
			first.Inform(migration.Hold{Limit: 30})
			p.obeys(first)
			pass(p.T, time.Second)
			p.shares(23, 22, 15)
			first.leave()
			pass(p.T, time.Second)
			p.shares(45, 15)
		},
		"a copy of many disks gets as much as libvirt can tell them": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "c", "b"), 5)
			if share, _ := first.Share(); share != 5 {
				p.Errorf("it starts with %d", share)
			}
		},
		"what libvirt refuses to change is counted": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			first.Inform(migration.Hold{Limit: 40, Fixed: true})
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.shares(40, 20)
		},
		"each move of another run counts as one": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.obeys(first)
			p.budgets.see("a", passage{leaving: map[string]bool{"other": true}, entering: map[string]bool{"third": true}})
			p.shares(20)
			p.budgets.see("a", passage{})
			p.shares(60)
		},
		"a move of another run over both links counts once": func(p party) {
			p.joins(p.move(policy.Policy{}, "a", "c"), 0)
			p.budgets.see("a", passage{leaving: map[string]bool{"other": true}})
			p.budgets.see("c", passage{entering: map[string]bool{"other": true}})
			p.shares(4)
		},
		"what this run moves, or has moved, is not of others": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.budgets.see("a", passage{leaving: map[string]bool{first.vm: true}})
			p.shares(60)
		},
		"what is left of whole shares is left to others": func(p party) {
			p.budgets.of["a"] = 61
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.budgets.see("a", passage{leaving: map[string]bool{"other": true}})
			p.shares(30)
		},
		"what is no longer looked at does not count": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.budgets.see("a", passage{leaving: map[string]bool{"other": true}})
			first.leave()
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.shares(60)
		},
		"a move over links without a budget shares none": func(p party) {
			if p.move(policy.Policy{}, "x", "y") != nil {
				p.Error("it does")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				play(party{t, newBudgets(map[string]int64{"a": 60, "c": 8})})
			})
		})
	}
}

// TestBudgets_neverAbove lets moves come, obey late and go at random: at no moment libvirt is told
// more in all than a budget has.
func TestBudgets_neverAbove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(300) {
			r := rand.New(rand.NewPCG(seed, 2))
			p := party{t, newBudgets(map[string]int64{"a": 50 + r.Int64N(100), "b": 50 + r.Int64N(100)})}
			told := map[*sharer]int64{} // what libvirt holds each of them to
			for range 40 {
				switch n := len(p.budgets.sharers); {
				case n < 6 && r.IntN(2) == 0:
					hosts := []string{"a", "b", "c"}
					r.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
					s := p.move(policy.Policy{}, hosts[0], hosts[1])
					if s == nil {
						continue
					}
					told[s] = s.Join(t.Context(), 0)
					s.Inform(migration.Hold{Limit: told[s]})
				case n > 0 && r.IntN(4) == 0:
					s := p.budgets.sharers[r.IntN(n)]
					delete(told, s)
					s.leave()
				case n > 0:
					s := p.budgets.sharers[r.IntN(n)]
					told[s], _ = s.Share()
					s.Inform(migration.Hold{Limit: told[s]})
				}
				for link, budget := range p.budgets.of {
					var sum, count int64
					for s, share := range told {
						if s.flow.over(link) {
							sum += share
							count++
						}
					}
					if slack := count * leastShare; sum > budget+slack {
						t.Fatalf("seed %d: libvirt is told %d MiB/s over %s, which has %d", seed, sum, link, budget)
					}
				}
			}
			for _, s := range slices.Clone(p.budgets.sharers) {
				s.leave()
			}
		}
	})
}

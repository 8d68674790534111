package budget

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// party is moves over the same links.
type party struct {
	*testing.T
	links *Links
}

// move is a move that has met whom it meets.
func (p party) move(limits policy.Policy, source, destination string) *Sharer {
	s := p.links.Sharer(migration.Subject{UUID: "vm", Source: source, Destination: destination}, policy.Resolve(policy.Levels{Run: limits}))
	if s != nil {
		s.meet()
	}
	return s
}

// joins lets a move join whose engine has told libvirt its share.
func (p party) joins(s *Sharer, disks int) *Sharer {
	s.Inform(migration.Hold{Limit: s.Join(p.Context(), disks), Fixed: disks > 0})
	return s
}

// obeys is an engine that tells libvirt each share, until the test ends.
func (p party) obeys(s *Sharer) {
	share, changed := s.Share()
	s.Inform(migration.Hold{Limit: share})
	go func() {
		for {
			select {
			case <-changed:
				share, changed = s.Share()
				select {
				case <-time.After(20 * time.Millisecond): // libvirt is being told
				case <-p.Context().Done():
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
	for _, s := range p.links.sharers {
		share, _ := s.Share()
		have = append(have, share)
	}
	if diff := cmp.Diff(want, have); diff != "" {
		p.Errorf("shares (-want +got):\n%s", diff)
	}
}

func TestLinks(t *testing.T) {
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
			second.Leave()
			time.Sleep(time.Second)
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
		"what one sends beyond its share the others do not have": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.obeys(first)
			second := p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			second.Inform(migration.Hold{Limit: 30, PostCopy: true, Sends: 45})
			p.shares(15, 30)
			second.Inform(migration.Hold{Limit: 30, PostCopy: true, Sends: 90})
			p.shares(leastShare, 30)
			second.Inform(migration.Hold{Limit: 30, PostCopy: true})
			p.shares(30, 30)
		},
		"a copy of disks takes half of the link until memory is sent": func(p party) {
			first := p.joins(p.move(policy.Policy{}, "a", "b"), 1)
			p.obeys(p.joins(p.move(policy.Policy{}, "a", "b"), 0))
			p.shares(30, 30)
			p.joins(p.move(policy.Policy{}, "a", "b"), 1)
			p.shares(30, 15, 15) // half of what the first does not keep
			first.Inform(migration.Hold{Limit: 30})
			p.obeys(first)
			time.Sleep(time.Second)
			p.shares(23, 22, 15)
			first.Leave()
			time.Sleep(time.Second)
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
			p.links.see("a", Passage{Leaving: map[string]bool{"other": true}, Entering: map[string]bool{"third": true}})
			p.shares(20)
			p.links.see("a", Passage{})
			p.shares(60)
		},
		"a move of another run over both links counts once": func(p party) {
			p.joins(p.move(policy.Policy{}, "a", "c"), 0)
			p.links.see("a", Passage{Leaving: map[string]bool{"other": true}})
			p.links.see("c", Passage{Entering: map[string]bool{"other": true}})
			p.shares(4)
		},
		"what this run moves, or has moved, is not of others": func(p party) {
			first := p.move(policy.Policy{}, "a", "b")
			p.links.see("a", Passage{Leaving: map[string]bool{"vm": true}})
			p.joins(first, 0)
			p.shares(60)
		},
		"what is left of whole shares is left to others": func(p party) {
			p.links.of["a"] = 61
			p.joins(p.move(policy.Policy{}, "a", "b"), 0)
			p.links.see("a", Passage{Leaving: map[string]bool{"other": true}})
			p.shares(30)
		},
		"what is no longer looked at does not count": func(p party) {
			first, second := p.move(policy.Policy{}, "a", "b"), p.move(policy.Policy{}, "a", "b")
			var stops []func()
			for _, s := range []*Sharer{first, second} {
				stops = append(stops, s.CountOthers(p.Context(), func(context.Context, string) (Passage, error) {
					return Passage{Leaving: map[string]bool{"other": true}}, nil
				}))
			}
			time.Sleep(time.Second)
			stops[0]()
			p.joins(second, 0)
			p.shares(30)
			stops[1]()
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
				play(party{t, New(map[string]int64{"a": 60, "c": 8})})
			})
		})
	}
}

// TestLinks_neverAbove lets moves come, obey late and go at random: at no moment libvirt is told
// more in all than a budget has.
func TestLinks_neverAbove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(300) {
			r := rand.New(rand.NewPCG(seed, 2))
			p := party{t, New(map[string]int64{"a": 50 + r.Int64N(100), "b": 50 + r.Int64N(100)})}
			told := map[*Sharer]int64{} // what libvirt holds each of them to
			for range 40 {
				switch n := len(p.links.sharers); {
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
					s := p.links.sharers[r.IntN(n)]
					delete(told, s)
					s.Leave()
				case n > 0:
					s := p.links.sharers[r.IntN(n)]
					told[s], _ = s.Share()
					s.Inform(migration.Hold{Limit: told[s]})
				}
				for link, budget := range p.links.of {
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
			for _, s := range slices.Clone(p.links.sharers) {
				s.Leave()
			}
		}
	})
}

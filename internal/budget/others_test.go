package budget

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/policy"
)

// gathering is runs that move VMs from one host, and see each other only by what the host tells.
type gathering struct {
	mu    sync.Mutex
	there map[string]*Links // the run of each VM that moves
	told  map[string]int64  // what libvirt holds each of them to
	moves sync.WaitGroup
}

const (
	gatheringBudget = 60
	// tells is how long libvirt takes to be told, and checks how long a move takes until it joins.
	tells, checks = 300 * time.Millisecond, 700 * time.Millisecond
)

// look is what a run sees that does not run the VMs of others.
func (g *gathering) look(run *Links) Look {
	return func(context.Context, string) (Passage, error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		p := Passage{map[string]bool{}, map[string]bool{}}
		for vm, of := range g.there {
			if of != run {
				p.Leaving[vm] = true
			}
		}
		return p, nil
	}
}

// note notes what libvirt holds a VM's move to; 0 for one that has ended.
func (g *gathering) note(vm string, share int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.told[vm] = share; share == 0 {
		delete(g.told, vm)
	}
}

// move lets a run move a VM for a while.
func (g *gathering) move(t *testing.T, run *Links, vm string, lasts time.Duration, disks int) {
	t.Helper()
	g.mu.Lock()
	g.there[vm] = run
	g.mu.Unlock()
	s := run.Sharer(migration.Subject{UUID: vm, Source: "a", Destination: "b"}, policy.Resolve(policy.Levels{}))
	stop := s.CountOthers(t.Context(), g.look(run))
	time.Sleep(checks)
	share := s.Join(t.Context(), disks)
	end := time.After(lasts)
	for ended := false; !ended; {
		g.note(vm, share)
		s.Inform(migration.Hold{Limit: share, Fixed: disks > 0})
		_, changed := s.Share()
		if disks > 0 {
			changed = nil
		}
		select {
		case <-changed:
			time.Sleep(tells)
			share, _ = s.Share()
		case <-end:
			ended = true
		}
	}
	g.note(vm, 0)
	stop()
	s.Leave()
	g.mu.Lock()
	delete(g.there, vm)
	g.mu.Unlock()
}

// come is a move that comes at a time.
type come struct {
	at, lasts time.Duration
	run       int
	disks     int
}

// play lets moves come, and looks at their sum all the time; seen is what libvirt holds each to at some times.
func play(t *testing.T, comes []come, times ...time.Duration) (seen []map[string]int64) {
	t.Helper()
	g := &gathering{there: map[string]*Links{}, told: map[string]int64{}}
	runs := map[int]*Links{}
	for i, c := range comes {
		if runs[c.run] == nil {
			runs[c.run] = New(map[string]int64{"a": gatheringBudget})
		}
		run := runs[c.run]
		g.moves.Go(func() {
			time.Sleep(c.at)
			g.move(t, run, fmt.Sprint(i+1), c.lasts, c.disks)
		})
	}
	done := make(chan struct{})
	go func() { g.moves.Wait(); close(done) }()
	began := time.Now()
	for {
		select {
		case <-done:
			return seen
		case <-time.After(50*time.Millisecond - 1):
		}
		g.mu.Lock()
		sum, least := int64(0), int64(0)
		now := map[string]int64{}
		for vm, share := range g.told {
			now[vm] = share
			sum += share
			if share == leastShare {
				least++
			}
		}
		g.mu.Unlock()
		if sum > gatheringBudget+least {
			t.Errorf("after %s: %v", time.Since(began).Round(time.Millisecond), now)
		}
		if len(seen) < len(times) && time.Since(began) >= times[len(seen)] {
			seen = append(seen, now)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	const s = time.Second
	for name, test := range map[string]struct {
		comes []come
		at    []time.Duration
		want  []map[string]int64
	}{
		"alone, a run has all at once": {
			[]come{{lasts: 9 * s, run: 1}},
			[]time.Duration{1 * s},
			[]map[string]int64{{"1": 60}},
		},
		"who comes beside another has what is left until that knows of it": {
			[]come{{lasts: 30 * s, run: 1}, {at: 5 * s, lasts: 30 * s, run: 2}},
			[]time.Duration{5 * s, 7 * s, 7800 * time.Millisecond, 9 * s},
			[]map[string]int64{{"1": 60}, {"1": 30}, {"1": 30, "2": 1}, {"1": 30, "2": 30}},
		},
		"two that come at once wait for each other": {
			[]come{{lasts: 30 * s, run: 1}, {lasts: 30 * s, run: 2}},
			[]time.Duration{2 * s, 2800 * time.Millisecond, 4 * s},
			[]map[string]int64{{}, {"1": 1, "2": 1}, {"1": 30, "2": 30}},
		},
		"of two that come shortly after each other the first does not wait": {
			[]come{{lasts: 30 * s, run: 1}, {at: s, lasts: 30 * s, run: 2}},
			[]time.Duration{1400 * time.Millisecond, 3800 * time.Millisecond, 5 * s},
			[]map[string]int64{{"1": 60}, {"1": 30, "2": 1}, {"1": 30, "2": 30}},
		},
		"what one leaves the other has once it sees that": {
			[]come{{lasts: 10 * s, run: 1}, {at: s, lasts: 30 * s, run: 2}},
			[]time.Duration{9 * s, 14 * s},
			[]map[string]int64{{"1": 30, "2": 30}, {"2": 60}},
		},
		"a second move of a run has what its first leaves": {
			[]come{{lasts: 30 * s, run: 1}, {at: 5 * s, lasts: 30 * s, run: 2}, {at: 15 * s, lasts: 30 * s, run: 2}},
			[]time.Duration{14 * s, 17800 * time.Millisecond, 25 * s},
			[]map[string]int64{{"1": 30, "2": 30}, {"1": 20, "2": 20, "3": 10}, {"1": 20, "2": 20, "3": 20}},
		},
		"a copy of disks does not start before others know of it": {
			[]come{{lasts: 30 * s, run: 1}, {at: 5 * s, lasts: 30 * s, run: 2, disks: 1}},
			[]time.Duration{7 * s, 7900 * time.Millisecond, 9 * s},
			[]map[string]int64{{"1": 30}, {"1": 30}, {"1": 30, "2": 30}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(test.want, play(t, test.comes, test.at...)); diff != "" {
					t.Errorf("held to (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestRuns_neverAbove lets moves of three runs come and go at random: libvirt is never told more in all than the
// budget, and the least share of those for which nothing is left yet.
func TestRuns_neverAbove(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			var comes []come
			for range 2 + r.IntN(6) {
				comes = append(comes, come{
					at: time.Duration(r.Int64N(int64(20 * time.Second))), lasts: time.Duration(r.Int64N(int64(30 * time.Second))), run: r.IntN(3),
				})
			}
			play(t, comes)
			if t.Failed() {
				t.Logf("seed %d: %v", seed, comes)
			}
		})
	}
}

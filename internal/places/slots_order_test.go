package places

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// queue plays moves that come one after the other, and notes the order in which
// they get their slots.
type queue struct {
	slots   *slots
	mu      sync.Mutex
	order   []string
	waiting sync.WaitGroup
}

// come lets a move come, which lasts as long as given once it has its slot. It
// returns when that has it, or waits.
func (q *queue) come(ctx context.Context, t *testing.T, name string, to migration.Subject, lasts time.Duration) {
	t.Helper()
	q.waiting.Go(func() {
		release, err := q.slots.acquire(ctx, to, func(Wait) {})
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("%s: %v", name, err)
			}
			return
		}
		q.mu.Lock()
		q.order = append(q.order, name)
		q.mu.Unlock()
		pass(t, lasts)
		release()
	})
	synctest.Wait()
}

// soFar is the order until now.
func (q *queue) soFar() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.order)
}

// TestSlots_order wants slots to go to who came first, of those that can use
// them.
func TestSlots_order(t *testing.T) {
	t.Parallel()
	type arrival struct {
		name  string
		to    migration.Subject
		lasts time.Duration
	}
	const short, long = time.Minute, time.Hour
	for name, test := range map[string]struct {
		outgoing, incoming int
		arrivals           []arrival
		want               []string
	}{
		"first come, first served": {1, 9, []arrival{
			{"1", trip("1", "a", "b"), short},
			{"2", trip("2", "a", "b"), short},
			{"3", trip("3", "a", "b"), short},
			{"4", trip("4", "a", "b"), short},
			{"5", trip("5", "a", "b"), short},
			{"6", trip("6", "a", "b"), short},
		}, []string{"1", "2", "3", "4", "5", "6"}},
		"a slot that the first cannot use": {1, 1, []arrival{
			{"1", trip("1", "x", "b"), long},
			{"2", trip("2", "a", "b"), short},
			{"3", trip("3", "a", "c"), short},
		}, []string{"1", "3", "2"}},
		"moves of one VM": {9, 9, []arrival{
			{"1", trip("1", "a", "b"), short},
			{"2", trip("1", "a", "c"), short},
			{"3", trip("1", "a", "d"), short},
			{"4", trip("1", "a", "e"), short},
		}, []string{"1", "2", "3", "4"}},
		"no places are kept for a VM that is on its way": {1, 9, []arrival{
			{"1", trip("1", "x", "y"), long},
			{"2", trip("1", "a", "b"), short},
			{"3", trip("3", "a", "c"), short},
			{"4", trip("4", "a", "c"), short},
			{"5", trip("5", "a", "c"), short},
			{"6", trip("6", "a", "c"), short},
		}, []string{"1", "3", "4", "5", "6", "2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := queue{slots: newSlots(Limits{Outgoing: test.outgoing, Incoming: test.incoming})}
				for _, a := range test.arrivals {
					q.come(t.Context(), t, a.name, a.to, a.lasts)
				}
				q.waiting.Wait()
				if diff := cmp.Diff(test.want, q.soFar()); diff != "" {
					t.Errorf("order (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestSlots_wideMove has a move that needs two hosts at once, which others use in
// turns, so that they are never both free: after it was passed a few times, the
// next slots are kept for it.
func TestSlots_wideMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := queue{slots: newSlots(Limits{Outgoing: 1, Incoming: 1})}
		q.come(t.Context(), t, "b0", trip("b0", "x", "b"), time.Minute)
		q.come(t.Context(), t, "wide", trip("wide", "a", "b"), time.Minute)
		for i := range 20 {
			a, b := fmt.Sprint("a", i), fmt.Sprint("b", i+1)
			q.come(t.Context(), t, a, trip(a, "a", "c"), 2*time.Minute)
			q.come(t.Context(), t, b, trip(b, "x", "b"), 2*time.Minute)
		}
		q.waiting.Wait()
		if diff := cmp.Diff([]string{"b0", "a0", "b1", "a1", "wide"}, q.soFar()[:5]); diff != "" {
			t.Errorf("the first (-want +got):\n%s", diff)
		}
	})
}

// TestSlots_standsBack has a move that something else is in the way of: it is passed meanwhile, and comes before those
// that came after it once it can go.
func TestSlots_standsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := queue{slots: newSlots(Limits{Outgoing: 1, Incoming: 9})}
		full := Wait{Kind: FullDestination, Host: "b", Limit: 1}
		var told []Wait
		free := time.Now().Add(30 * time.Second)
		q.waiting.Go(func() {
			release, err := q.slots.acquireWith(t.Context(), trip("first", "a", "b"), func(context.Context) (Wait, error) {
				if time.Now().Before(free) {
					return full, nil
				}
				return Wait{}, nil
			}, func(w Wait) { told = append(told, w) })
			if err != nil {
				t.Error(err)
				return
			}
			q.mu.Lock()
			q.order = append(q.order, "first")
			q.mu.Unlock()
			release()
		})
		synctest.Wait()
		for i := range 3 { // one after the other
			name := fmt.Sprint(i)
			q.come(t.Context(), t, name, trip(name, "a", "c"), 25*time.Second)
		}
		q.waiting.Wait()
		if diff := cmp.Diff([]string{"0", "1", "first", "2"}, q.soFar()); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
		want := []Wait{full, {Kind: FullSource, Host: "a", Limit: 1}}
		if len(told) < 2 || cmp.Diff(want, told[:2]) != "" {
			t.Errorf("told %v", told)
		}
	})
}

// TestSlots_standsBackGivenUp wants a move that stands back to end at once when it is cancelled or the slots are drained, and to
// leave nothing.
func TestSlots_standsBackGivenUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(s *slots, cancel func())
		want error
	}{
		"cancelled": {func(_ *slots, cancel func()) { cancel() }, context.Canceled},
		"drained":   {func(s *slots, _ func()) { s.drain() }, ErrDraining},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSlots(Limits{Outgoing: 1, Incoming: 1})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error)
				go func() {
					_, err := s.acquireWith(ctx, trip("1", "a", "b"), func(context.Context) (Wait, error) {
						return Wait{Kind: FullSource, Host: "a", Limit: 1}, nil
					}, func(Wait) {})
					ended <- err
				}()
				synctest.Wait()
				began := time.Now()
				test.end(s, cancel)
				if err := <-ended; !errors.Is(err, test.want) || time.Since(began) > 0 {
					t.Errorf("it ended after %s with %v", time.Since(began), err)
				}
				if left := len(s.queue) + len(s.moving) + s.outgoing["a"] + s.incoming["b"]; left != 0 {
					t.Errorf("%d are left", left)
				}
			})
		})
	}
}

// TestSlots_givenUpFrees wants nothing to be kept for a move that is given up.
func TestSlots_givenUpFrees(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := queue{slots: newSlots(Limits{Outgoing: 1, Incoming: 1})}
		ctx, cancel := context.WithCancel(t.Context())
		q.come(t.Context(), t, "b", trip("b", "x", "b"), time.Hour)
		q.come(ctx, t, "given up", trip("given up", "a", "b"), time.Minute)
		want := []string{"b"}
		for i := range mostPassed {
			a := fmt.Sprint("a", i)
			q.come(t.Context(), t, a, trip(a, "a", "c"), time.Second)
			want = append(want, a)
		}
		q.come(t.Context(), t, "last", trip("last", "a", "c"), time.Second)
		pass(t, time.Minute)
		if diff := cmp.Diff(want, q.soFar()); diff != "" {
			t.Errorf("before it is given up (-want +got):\n%s", diff)
		}
		cancel()
		pass(t, time.Second)
		if diff := cmp.Diff(append(want, "last"), q.soFar()); diff != "" {
			t.Errorf("after it is given up (-want +got):\n%s", diff)
		}
		q.waiting.Wait()
	})
}

// TestSlots_nobodyStarves plays many moves between a few hosts, of which some are
// given up: no later one between the same hosts passes another too often, the
// limits hold, and nothing is left of any of them.
func TestSlots_nobodyStarves(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playMoves(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func playMoves(t *testing.T, random *rand.Rand) {
	const moves, hosts, vms = 60, 4, 25
	s := newSlots(Limits{Outgoing: 1 + random.IntN(2), Incoming: 1 + random.IntN(2)})
	var (
		mu      sync.Mutex
		now     = traffic{now: map[string]int{}, most: map[string]int{}}
		moving  = map[string]bool{}
		started = map[int]bool{}
		passed  = map[int]int{}
		all     sync.WaitGroup
	)
	came := make([]migration.Subject, moves)
	for i := range moves {
		source := random.IntN(hosts)
		to := trip(fmt.Sprint(random.IntN(vms)), fmt.Sprint(source), fmt.Sprint((source+1+random.IntN(hosts-1))%hosts))
		came[i] = to
		lasts := time.Duration(1+random.IntN(600)) * time.Second
		ctx := t.Context()
		if random.IntN(6) == 0 {
			limited, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(600))*time.Second)
			defer cancel()
			ctx = limited
		}
		all.Go(func() {
			release, err := s.acquire(ctx, to, func(Wait) {})
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				return
			}
			now.count(to, 1)
			mu.Lock()
			started[i] = true
			for earlier, other := range came[:i] { // those could have used the very same slots
				if !started[earlier] && other.Source == to.Source && other.Destination == to.Destination && !moving[other.UUID] {
					passed[earlier]++
				}
			}
			if moving[to.UUID] {
				t.Errorf("VM %s is moved twice at a time", to.UUID)
			}
			moving[to.UUID] = true
			mu.Unlock()
			pass(t, lasts)
			mu.Lock()
			delete(moving, to.UUID)
			mu.Unlock()
			now.count(to, -1)
			release()
		})
		synctest.Wait()
		pass(t, time.Duration(random.IntN(120))*time.Second)
	}
	all.Wait()
	for key, most := range now.most {
		if most > max(s.Outgoing, s.Incoming) {
			t.Errorf("%d migrations %s", most, key)
		}
	}
	for i, times := range passed {
		if started[i] && times > mostPassed {
			t.Errorf("move %d was passed %d times by moves between the same hosts", i, times)
		}
	}
	if left := len(s.queue) + len(s.moving); left != 0 {
		t.Errorf("%d moves and VMs are left", left)
	}
}

package places

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// traffic counts the migrations of each host, and how many there were at most.
type traffic struct {
	mu        sync.Mutex
	now, most map[string]int
}

func (c *traffic) count(r migration.Subject, change int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range []string{"from " + r.Source, "to " + r.Destination} {
		c.now[key] += change
		c.most[key] = max(c.most[key], c.now[key])
	}
}

// pass lets the time of a synctest bubble pass.
func pass(t *testing.T, d time.Duration) {
	t.Helper()
	if err := wait(t.Context(), d); err != nil {
		t.Error(err)
	}
}

func TestSlots_limits(t *testing.T) {
	t.Parallel()
	const lasts = time.Minute
	trips := func(hosts ...string) []migration.Subject { // each of another VM
		var all []migration.Subject
		for _, h := range hosts {
			all = append(all, trip(fmt.Sprint(len(all)), h[:1], h[1:]))
		}
		return all
	}
	for name, test := range map[string]struct {
		outgoing, incoming int
		trips              []migration.Subject
		most               map[string]int
		rounds             int
	}{
		"one leaves at a time":           {1, 9, trips("ab", "ab", "ab"), map[string]int{"from a": 1, "to b": 1}, 3},
		"two leave at a time":            {2, 9, trips("ab", "ab", "ab", "ab"), map[string]int{"from a": 2, "to b": 2}, 2},
		"one arrives at a time":          {9, 1, trips("ab", "cb"), map[string]int{"from a": 1, "from c": 1, "to b": 1}, 2},
		"other hosts are not waited for": {1, 1, trips("ab", "bc", "ca"), map[string]int{"from a": 1, "from b": 1, "from c": 1, "to a": 1, "to b": 1, "to c": 1}, 1},
		"a host sends while it receives": {1, 1, trips("ab", "ba"), map[string]int{"from a": 1, "from b": 1, "to a": 1, "to b": 1}, 1},
		"one VM moves once at a time":    {9, 9, []migration.Subject{trip("1", "a", "b"), trip("1", "a", "b"), trip("1", "b", "c")}, map[string]int{"from a": 1, "from b": 1, "to b": 1, "to c": 1}, 3},
		"who waits holds nobody else up": {1, 9, trips("ab", "ab", "bc"), map[string]int{"from a": 1, "from b": 1, "to b": 1, "to c": 1}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSlots(Limits{Outgoing: test.outgoing, Incoming: test.incoming})
				seen := traffic{now: map[string]int{}, most: map[string]int{}}
				start := time.Now()
				var all sync.WaitGroup
				for _, r := range test.trips {
					all.Go(func() {
						release, err := s.acquire(t.Context(), r, func(Wait) {})
						if err != nil {
							t.Error(err)
							return
						}
						seen.count(r, 1)
						pass(t, lasts)
						seen.count(r, -1)
						release()
					})
				}
				all.Wait()
				if diff := cmp.Diff(test.most, seen.most); diff != "" {
					t.Errorf("most migrations at a time (-want +got):\n%s", diff)
				}
				if took, want := time.Since(start), time.Duration(test.rounds)*lasts; took < want || took > want+time.Second {
					t.Errorf("took %s, want %s", took, want)
				}
			})
		})
	}
}

// A host with a fixed port for memory receives one VM at a time, whatever the limit is, and
// who waits for that is told so.
func TestSlots_fixedPort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lasts = time.Minute
		s := newSlots(Limits{9, 9, map[string]uint16{"b": 49152, "c": 0}})
		seen := traffic{now: map[string]int{}, most: map[string]int{}}
		var mu sync.Mutex
		told := map[string]int{}
		start := time.Now()
		var all sync.WaitGroup
		for _, r := range []migration.Subject{trip("1", "a", "b"), trip("2", "a", "b"), trip("3", "b", "a"), trip("4", "b", "a"), trip("5", "a", "c"), trip("6", "a", "c")} {
			all.Go(func() {
				release, err := s.acquire(t.Context(), r, func(o Wait) {
					mu.Lock()
					defer mu.Unlock()
					told[fmt.Sprint(o, o.Port)]++
				})
				if err != nil {
					t.Error(err)
					return
				}
				seen.count(r, 1)
				pass(t, lasts)
				seen.count(r, -1)
				release()
			})
		}
		all.Wait()
		want := map[string]int{"from a": 3, "from b": 2, "to a": 2, "to b": 1, "to c": 2}
		if diff := cmp.Diff(want, seen.most); diff != "" {
			t.Errorf("most migrations at a time (-want +got):\n%s", diff)
		}
		if took := time.Since(start); took < 2*lasts || took > 2*lasts+time.Second {
			t.Errorf("took %s", took)
		}
		why := map[string]int{"destination full: b (1 at a time) 49152": 1}
		if diff := cmp.Diff(why, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// Starts are apart also where the checks before them take unlike times.
func TestSlots_startsAreApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(Limits{Outgoing: 9, Incoming: 9})
		var mu sync.Mutex
		starts := map[string][]time.Time{}
		checks := map[string]time.Duration{"1": 2 * startGap, "2": startGap, "3": 0, "4": 0}
		var all sync.WaitGroup
		for _, r := range []migration.Subject{trip("1", "a", "b"), trip("2", "a", "c"), trip("3", "a", "b"), trip("4", "b", "c")} {
			all.Go(func() {
				release, err := s.acquire(t.Context(), r, func(Wait) {})
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				time.Sleep(checks[r.UUID])
				if err := s.turn(t.Context(), r.Source); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				starts[r.Source] = append(starts[r.Source], time.Now())
			})
		}
		all.Wait()
		for i, at := range starts["a"][1:] {
			if gap := at.Sub(starts["a"][i]); gap < startGap {
				t.Errorf("two starts on one source are %s apart", gap)
			}
		}
		if wait := starts["b"][0].Sub(starts["a"][0]); wait != 0 {
			t.Errorf("the first start on another source waits %s", wait)
		}
	})
}

func TestSlots_waitingIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(Limits{Outgoing: 1, Incoming: 1})
		free := func(r migration.Subject) (release func()) {
			release, err := s.acquire(t.Context(), r, func(o Wait) { t.Errorf("waits: %s", o) })
			if err != nil {
				t.Fatal(err)
			}
			return release
		}
		leaving, arriving, itself := free(trip("1", "a", "c")), free(trip("2", "d", "b")), free(trip("3", "e", "f"))
		var told []Wait
		var waiting sync.WaitGroup
		waiting.Go(func() {
			release, err := s.acquire(t.Context(), trip("3", "a", "b"), func(o Wait) { told = append(told, o) })
			if err != nil {
				t.Error(err)
				return
			}
			release()
		})
		synctest.Wait()
		itself()
		synctest.Wait()
		leaving()
		synctest.Wait()
		arriving()
		waiting.Wait()
		want := []Wait{{Kind: OtherMove}, {Kind: FullSource, Host: "a", Limit: 1}, {Kind: FullDestination, Host: "b", Limit: 1}}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	})
}

// TestSlots_givenUp wants a wait that is given up to leave the VM and all slots
// free, in either part of it.
func TestSlots_givenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(Limits{Outgoing: 1, Incoming: 1})
		release, err := s.acquire(t.Context(), trip("1", "a", "b"), func(Wait) {})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := s.acquire(ctx, trip("2", "a", "b"), func(Wait) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("want the context's error, got %v", err)
		}
		release()
		release() // once is enough

		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if release, err = s.acquire(cancelled, trip("2", "a", "b"), func(Wait) {}); err != nil {
			t.Fatal(err)
		}
		if err := s.turn(cancelled, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("want the context's error, got %v", err)
		}
		release()
		if release, err = s.acquire(t.Context(), trip("2", "a", "b"), func(o Wait) { t.Errorf("waits: %s", o) }); err != nil {
			t.Fatal(err)
		}
		release()
	})
}

// TestSlots_drain wants nobody to get a slot once the slots are drained: neither
// who waits for one, nor who waits for the start, nor who comes later.
func TestSlots_drain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(Limits{Outgoing: 2, Incoming: 2})
		release, err := s.acquire(t.Context(), trip("1", "a", "b"), func(Wait) {})
		if err != nil {
			t.Fatal(err)
		}
		var waiting sync.WaitGroup
		started := func(to migration.Subject) error {
			release, err := s.acquire(t.Context(), to, func(Wait) {})
			if err != nil {
				return err
			}
			defer release()
			return s.turn(t.Context(), to.Source)
		}
		if err := s.turn(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		drained := func(to migration.Subject) {
			if err := started(to); !errors.Is(err, ErrDraining) {
				t.Errorf("%+v: error %v, want %v", to, err, ErrDraining)
			}
		}
		waiting.Go(func() { drained(trip("2", "a", "b")) }) // has a slot, and waits for its start
		synctest.Wait()
		waiting.Go(func() { drained(trip("3", "a", "c")) }) // has no slot
		waiting.Go(func() { drained(trip("1", "d", "e")) }) // is of a VM that is being moved
		synctest.Wait()
		s.drain()
		s.drain() // once is enough
		waiting.Wait()
		drained(trip("4", "d", "e"))
		release()
		drained(trip("1", "a", "b"))
		if left := s.outgoing["a"] + s.incoming["b"] + s.incoming["c"] + len(s.moving); left != 0 {
			t.Errorf("%d slots and VMs are still taken", left)
		}
	})
}

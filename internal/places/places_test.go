package places

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Several runs that know nothing of each other never exceed a limit, together with migrations that others have started, and
// each of their moves has its turn.
func TestPlaces_severalRuns(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playRuns(t, seed) })
		})
	}
}

func playRuns(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 3))
	limit := 1 + random.IntN(3)
	var hosts []*fakeHost
	for i, name := range []string{"a", "b", "c"} {
		hosts = append(hosts, newFakeHost(name, seed*10+uint64(i)))
	}
	var all sync.WaitGroup
	if limit > 1 { // virsh, which asks nobody, and so has to be first
		hosts[0].migrate(lease.Out, "virsh", true)
		hosts[1].migrate(lease.In, "virsh", true)
		lasts := time.Duration(random.IntN(90)) * time.Second
		all.Go(func() {
			pass(t, lasts)
			hosts[0].migrate(lease.Out, "virsh", false)
			hosts[1].migrate(lease.In, "virsh", false)
		})
	}
	const runs, moves = 3, 8
	start := time.Now()
	for i := range runs {
		r := newFakeRun(fmt.Sprint("run", i), limit, hosts...)
		for j := range moves {
			source := random.IntN(3)
			to := trip(vmNumber(i*moves+j), hosts[source].name, hosts[(source+1+random.IntN(2))%3].name)
			lasts := time.Duration(1+random.IntN(20)) * time.Second
			after := time.Duration(random.IntN(10)) * time.Second
			all.Go(func() {
				pass(t, after)
				if err := r.move(t.Context(), to, lasts, func() {}, silent); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if took := time.Since(start); took > runs*moves*25*time.Second {
		t.Errorf("it took %s", took)
	}
	for _, h := range hosts {
		if h.mostOut > limit || h.mostIn > limit {
			t.Errorf("%s sent up to %d VMs at a time and received %d, want at most %d", h.name, h.mostOut, h.mostIn, limit)
		}
		if len(h.leases) != 0 {
			t.Errorf("leases are left on %s: %v", h.name, h.leases)
		}
	}
}

// Moves of several runs have their turns in the order in which they came.
func TestPlaces_order(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		var want []string
		for i := range 9 {
			vm := vmNumber(i)
			want = append(want, vm)
			r := newFakeRun(fmt.Sprint("run", i%3), 1, a, b)
			all.Go(func() {
				if err := r.move(t.Context(), trip(vm, "a", "b"), 20*time.Second, func() {
					mu.Lock()
					defer mu.Unlock()
					order = append(order, vm)
				}, silent); err != nil {
					t.Error(err)
				}
			})
			pass(t, 2*time.Second)
		}
		all.Wait()
		if diff := cmp.Diff(want, order); diff != "" {
			t.Errorf("order (-want +got):\n%s", diff)
		}
	})
}

// A run that was killed leaves its leases to others, who see that nobody renews them; while they are renewed, nobody takes
// them.
func TestPlaces_killed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		one, other := newFakeRun("one", 1, a, b), newFakeRun("other", 1, a, b)
		to := trip(vmNumber(1), "a", "b")
		p := one.enter(t, to)
		var killed, began time.Time
		var said []Wait
		var waiting sync.WaitGroup
		waiting.Go(func() {
			err := other.move(t.Context(), trip(vmNumber(2), "a", "b"), time.Second, func() { began = time.Now() }, func(w Wait) { said = append(said, w) })
			if err != nil {
				t.Error(err)
			}
		})
		pass(t, 5*time.Minute)
		p.stop()
		killed = time.Now()
		waiting.Wait()
		if took := began.Sub(killed); began.IsZero() || took < lease.Renewal || took > lease.Life+lease.Renewal {
			t.Errorf("it began %s after the other run was killed", took)
		}
		want := []Wait{{Kind: FullSource, Host: "a", Limit: 1, Holders: []Holder{{VM: to.UUID, Name: "web", Run: "one"}}}}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("it said (-want +got):\n%s", diff)
		}
	})
}

// A move is not started that could not renew its lease until somebody else took the place.
func TestPlacing_lost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		r := newFakeRun("one", 1, a, b)
		p := r.enter(t, trip(vmNumber(1), "a", "b"))
		defer p.Leave(t.Context())
		a.fail(migration.ErrUnreachable)
		pass(t, lease.Life)
		a.fail(nil)
		a.mu.Lock()
		name := lease.PlaceName(lease.Out, 1)
		a.leases[name] = host.Lease{UUID: "other", Name: name}
		a.mu.Unlock()
		var lost *LostError
		if err := p.Confirm(t.Context()); !errors.As(err, &lost) || lost.Host != "a" || !errors.Is(err, host.ErrLeaseTaken) {
			t.Errorf("got %v", err)
		}
	})
}

// Where a host keeps no leases, the migrations that run are counted.
func TestPlaces_withoutLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		b.fail(host.ErrNoSecretDriver)
		r := newFakeRun("one", 1, a, b)
		b.migrate(lease.In, "virsh", true)
		var said []Wait
		var began time.Time
		start := time.Now()
		var moving sync.WaitGroup
		moving.Go(func() {
			if err := r.move(t.Context(), trip(vmNumber(1), "a", "b"), time.Second, func() { began = time.Now() }, func(w Wait) { said = append(said, w) }); err != nil {
				t.Error(err)
			}
		})
		pass(t, time.Minute)
		b.migrate(lease.In, "virsh", false)
		moving.Wait()
		want := []Wait{{Kind: FullDestination, Host: "b", Limit: 1, Holders: []Holder{{VM: "virsh", Name: "virsh"}}}}
		if diff := cmp.Diff(want, said); diff != "" || began.Sub(start) < time.Minute {
			t.Errorf("it began after %s and said (-want +got):\n%s", began.Sub(start), diff)
		}
		if len(a.leases) != 0 {
			t.Errorf("leases are left: %v", a.leases)
		}
	})
}

// A move that is cancelled while it waits ends at once, and leaves nothing behind; a VM that another run moves is left
// to it.
func TestPlaces_cancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		one, other := newFakeRun("one", 2, a, b), newFakeRun("other", 2, a, b)
		to := trip(vmNumber(1), "a", "b")
		p := one.enter(t, to)
		defer p.Leave(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		var said []Wait
		go func() { ended <- other.move(ctx, to, time.Second, func() {}, func(w Wait) { said = append(said, w) }) }()
		pass(t, time.Minute)
		cancelled := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || time.Since(cancelled) > time.Second {
			t.Errorf("it ended %s after it was cancelled, with %v", time.Since(cancelled), err)
		}
		want := []Wait{{Kind: OtherMove, Holders: []Holder{{VM: to.UUID, Name: "web", Run: "one"}}}}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("it said (-want +got):\n%s", diff)
		}
		if len(a.leases)+len(b.leases) != 2 {
			t.Errorf("leases: %v and %v", a.leases, b.leases)
		}
	})
}

// The migration of a VM that runs already has its place, however many run: to adopt it, nothing is waited for. Where nobody
// else has a lease, two calls about leases are made: to take one, and to list all.
func TestPlacing_adopted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		for n := range 3 { // more than may run
			a.migrate(lease.Out, vmNumber(n), true)
			b.migrate(lease.In, vmNumber(n), true)
		}
		r := newFakeRun("one", 2, a, b)
		p := r.enter(t, trip(vmNumber(1), "a", "b"))
		defer p.Leave(t.Context())
		if a.question != 2 || b.question != 2 {
			t.Errorf("%d and %d calls about leases", a.question, b.question)
		}
	})
}

// A lease that cannot be read is somebody's: its place is taken, and it is never ended, however long it stays the same.
func TestPlaces_unreadLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeHost("a", 1), newFakeHost("b", 2)
		theirs := host.Lease{UUID: "theirs", Name: lease.PlaceName(lease.In, 1)}
		b.leases[theirs.Name] = theirs
		b.unreadable = host.ErrDenied
		r := newFakeRun("one", 1, a, b)
		ctx, cancel := context.WithTimeout(t.Context(), 4*lease.Life)
		defer cancel()
		var said []Wait
		err := r.move(ctx, trip(vmNumber(1), "a", "b"), time.Second, func() { t.Error("it began") }, func(w Wait) { said = append(said, w) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ended with %v", err)
		}
		want := []Wait{{Kind: FullDestination, Host: "b", Limit: 1, Holders: []Holder{{}}}}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("it said (-want +got):\n%s", diff)
		}
		if b.leases[theirs.Name] != theirs {
			t.Errorf("the lease was ended: %v", b.leases)
		}
	})
}

// A move that could not renew its leases for so long that another run may have had its place counts again before it starts,
// though nobody has the lease any more.
func TestPlace_countsAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		silence time.Duration
		others  bool
		starts  bool
	}{
		"a migration of others runs there by now": {lease.Life, true, false},
		"nobody else is there":                    {lease.Life, false, true},
		"the lease was renewed in time":           {lease.Renewal / 2, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := newFakeHost("a", 1), newFakeHost("b", 2)
				p := newFakeRun("one", 1, a, b).enter(t, trip(vmNumber(1), "a", "b"))
				defer p.Leave(t.Context())
				pass(t, lease.Renewal-time.Second)
				a.fail(migration.ErrUnreachable)
				pass(t, test.silence)
				a.fail(nil)
				if test.others {
					clear(a.leases)
					a.migrate(lease.Out, "other", true)
				}
				pass(t, lease.Renewal+time.Second) // it is renewed
				err := p.Confirm(t.Context())
				var lost *LostError
				if test.starts != (err == nil) || err != nil && (!errors.As(err, &lost) || lost.Host != "a") {
					t.Errorf("it came to %v", err)
				}
			})
		})
	}
}

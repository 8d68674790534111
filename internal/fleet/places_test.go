package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// fakeKeeper is a host that keeps leases in memory, and answers when it likes.
type fakeKeeper struct {
	name string
	// fails, when not nil, is what each call about leases comes to.
	fails error

	mu       sync.Mutex
	random   *rand.Rand
	leases   map[string]host.Lease // by name
	says     map[string]string     // by UUID
	out, in  map[string]string     // the migrations that run
	mostOut  int
	mostIn   int
	question int
}

func newFakeKeeper(name string, seed uint64) *fakeKeeper {
	return &fakeKeeper{
		name: name, random: rand.New(rand.NewPCG(seed, 7)),
		leases: map[string]host.Lease{}, says: map[string]string{}, out: map[string]string{}, in: map[string]string{},
	}
}

func (k *fakeKeeper) Name() string { return k.name }

// call takes some time.
func (k *fakeKeeper) call(ctx context.Context, what func() error) error {
	k.mu.Lock()
	k.question++
	there, back := time.Duration(k.random.IntN(40))*time.Millisecond, time.Duration(k.random.IntN(40))*time.Millisecond
	k.mu.Unlock()
	if err := wait(ctx, there); err != nil {
		return err
	}
	k.mu.Lock()
	err := k.fails
	if err == nil {
		err = what()
	}
	k.mu.Unlock()
	return errors.Join(err, wait(ctx, back))
}

func (k *fakeKeeper) TakeLease(ctx context.Context, l host.Lease, description string) error {
	return k.call(ctx, func() error {
		if other, taken := k.leases[l.Name]; taken && other.UUID != l.UUID {
			return host.ErrLeaseTaken
		}
		k.leases[l.Name], k.says[l.UUID] = l, description
		return nil
	})
}

func (k *fakeKeeper) Leases(ctx context.Context) (all []host.Lease, err error) {
	err = k.call(ctx, func() error {
		all = slices.Collect(maps.Values(k.leases))
		return nil
	})
	return all, err
}

func (k *fakeKeeper) LeaseDescription(ctx context.Context, l host.Lease) (description *string, err error) {
	err = k.call(ctx, func() error {
		if said, there := k.says[l.UUID]; there {
			description = &said
		}
		return nil
	})
	return description, err
}

func (k *fakeKeeper) EndLease(ctx context.Context, l host.Lease) error {
	return k.call(ctx, func() error {
		delete(k.says, l.UUID)
		maps.DeleteFunc(k.leases, func(_ string, other host.Lease) bool { return other.UUID == l.UUID })
		return nil
	})
}

func (k *fakeKeeper) Incoming(ctx context.Context) (vms map[string]string, err error) {
	return k.running(ctx, func() map[string]string { return k.in })
}

func (k *fakeKeeper) Outgoing(ctx context.Context, _ map[string]bool) (vms map[string]string, mute []string, err error) {
	vms, err = k.running(ctx, func() map[string]string { return k.out })
	return vms, nil, err
}

// running is asked without regard of fails, which is about leases.
func (k *fakeKeeper) running(ctx context.Context, which func() map[string]string) (map[string]string, error) {
	k.mu.Lock()
	there, back := time.Duration(k.random.IntN(40))*time.Millisecond, time.Duration(k.random.IntN(40))*time.Millisecond
	k.mu.Unlock()
	if err := wait(ctx, there); err != nil {
		return nil, err
	}
	k.mu.Lock()
	vms := maps.Clone(which())
	k.mu.Unlock()
	return vms, wait(ctx, back)
}

// migrate has a migration run.
func (k *fakeKeeper) migrate(d lease.Direction, vm string, runs bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	which, most := k.out, &k.mostOut
	if d == lease.In {
		which, most = k.in, &k.mostIn
	}
	if !runs {
		delete(which, vm)
		return
	}
	which[vm] = vm
	*most = max(*most, len(which))
}

// fakeRun is one run among several.
type fakeRun struct {
	name   string
	slots  *slots
	places places
	fleet  map[string]*fakeKeeper
}

func newFakeRun(name string, limit int, keepers ...*fakeKeeper) *fakeRun {
	r := &fakeRun{name: name, slots: newSlots(limit, limit, nil), fleet: map[string]*fakeKeeper{}}
	for _, k := range keepers {
		r.fleet[k.name] = k
	}
	r.places = newPlaces(name, keepers, r.slots)
	return r
}

// move is one of the run's: begun is called when it has its places.
func (r *fakeRun) move(ctx context.Context, t trip, lasts time.Duration, begun func(), said func(Wait)) error {
	p := r.places.between(migration.Domain{UUID: t.vm, Name: t.vm}, t)
	defer p.end(ctx)
	release, err := r.slots.acquireWith(ctx, t, p.claim, said)
	if err != nil {
		return err
	}
	defer release()
	defer p.end(ctx)
	begun()
	if err := wait(ctx, 300*time.Millisecond); err != nil { // the checks
		return err
	}
	if err := p.confirm(ctx, Location{}); err != nil {
		return err
	}
	r.fleet[t.source].migrate(lease.Out, t.vm, true)
	r.fleet[t.destination].migrate(lease.In, t.vm, true)
	defer r.fleet[t.source].migrate(lease.Out, t.vm, false)
	defer r.fleet[t.destination].migrate(lease.In, t.vm, false)
	return wait(ctx, lasts)
}

func silent(Wait) {}

// vmNumber is the UUID of a VM.
func vmNumber(n int) string { return fmt.Sprintf("7a5b1c7e-0000-4000-8000-%012d", n) }

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
	var keepers []*fakeKeeper
	for i, name := range []string{"a", "b", "c"} {
		keepers = append(keepers, newFakeKeeper(name, seed*10+uint64(i)))
	}
	var all sync.WaitGroup
	if limit > 1 { // virsh, which asks nobody, and so has to be first
		keepers[0].migrate(lease.Out, "virsh", true)
		keepers[1].migrate(lease.In, "virsh", true)
		lasts := time.Duration(random.IntN(90)) * time.Second
		all.Go(func() {
			pass(t, lasts)
			keepers[0].migrate(lease.Out, "virsh", false)
			keepers[1].migrate(lease.In, "virsh", false)
		})
	}
	const runs, moves = 3, 8
	start := time.Now()
	for i := range runs {
		r := newFakeRun(fmt.Sprint("run", i), limit, keepers...)
		for j := range moves {
			source := random.IntN(3)
			to := trip{vmNumber(i*moves + j), keepers[source].name, keepers[(source+1+random.IntN(2))%3].name}
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
	for _, k := range keepers {
		if k.mostOut > limit || k.mostIn > limit {
			t.Errorf("%s sent up to %d VMs at a time and received %d, want at most %d", k.name, k.mostOut, k.mostIn, limit)
		}
		if len(k.leases) != 0 {
			t.Errorf("leases are left on %s: %v", k.name, k.leases)
		}
	}
}

// Moves of several runs have their turns in the order in which they came.
func TestPlaces_order(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		var mu sync.Mutex
		var order []string
		var all sync.WaitGroup
		var want []string
		for i := range 9 {
			vm := vmNumber(i)
			want = append(want, vm)
			r := newFakeRun(fmt.Sprint("run", i%3), 1, a, b)
			all.Go(func() {
				if err := r.move(t.Context(), trip{vm, "a", "b"}, 20*time.Second, func() {
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
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		one, other := newFakeRun("one", 1, a, b), newFakeRun("other", 1, a, b)
		to := trip{vmNumber(1), "a", "b"}
		p := one.places.between(migration.Domain{UUID: to.vm, Name: "web"}, to)
		if wait, err := p.claim(t.Context()); err != nil || wait.Kind != NoWait {
			t.Fatal(wait, err)
		}
		var killed, began time.Time
		var said []Wait
		var waiting sync.WaitGroup
		waiting.Go(func() {
			err := other.move(t.Context(), trip{vmNumber(2), "a", "b"}, time.Second, func() { began = time.Now() }, func(w Wait) { said = append(said, w) })
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
		want := []Wait{{Kind: FullSource, Host: "a", Limit: 1, Holders: []PlaceHolder{{VM: to.vm, Name: "web", Run: "one"}}}}
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("it said (-want +got):\n%s", diff)
		}
	})
}

// A move is not started that could not renew its lease until somebody else took the place.
func TestPlacing_lost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		r := newFakeRun("one", 1, a, b)
		p := r.places.between(migration.Domain{UUID: vmNumber(1)}, trip{vmNumber(1), "a", "b"})
		defer p.end(t.Context())
		if wait, err := p.claim(t.Context()); err != nil || wait.Kind != NoWait {
			t.Fatal(wait, err)
		}
		a.mu.Lock()
		a.fails = migration.ErrUnreachable
		a.mu.Unlock()
		pass(t, lease.Life)
		a.mu.Lock()
		a.fails = nil
		name := lease.PlaceName(lease.Out, 1)
		a.leases[name] = host.Lease{UUID: "other", Name: name}
		a.mu.Unlock()
		var lost *PlaceLostError
		if err := p.confirm(t.Context(), Location{}); !errors.As(err, &lost) || lost.Host != "a" || !errors.Is(err, host.ErrLeaseTaken) {
			t.Errorf("got %v", err)
		}
	})
}

// Where a host keeps no leases, the migrations that run are counted.
func TestPlaces_withoutLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		b.fails = host.ErrNoSecretDriver
		r := newFakeRun("one", 1, a, b)
		b.migrate(lease.In, "virsh", true)
		var said []Wait
		var began time.Time
		start := time.Now()
		var moving sync.WaitGroup
		moving.Go(func() {
			if err := r.move(t.Context(), trip{vmNumber(1), "a", "b"}, time.Second, func() { began = time.Now() }, func(w Wait) { said = append(said, w) }); err != nil {
				t.Error(err)
			}
		})
		pass(t, time.Minute)
		b.migrate(lease.In, "virsh", false)
		moving.Wait()
		want := []Wait{{Kind: FullDestination, Host: "b", Limit: 1, Holders: []PlaceHolder{{VM: "virsh", Name: "virsh"}}}}
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
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		one, other := newFakeRun("one", 2, a, b), newFakeRun("other", 2, a, b)
		to := trip{vmNumber(1), "a", "b"}
		p := one.places.between(migration.Domain{UUID: to.vm, Name: "web"}, to)
		defer p.end(t.Context())
		if wait, err := p.claim(t.Context()); err != nil || wait.Kind != NoWait {
			t.Fatal(wait, err)
		}
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
		want := []Wait{{Kind: OtherMove, Holders: []PlaceHolder{{VM: to.vm, Name: "web", Run: "one"}}}}
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
		a, b := newFakeKeeper("a", 1), newFakeKeeper("b", 2)
		for n := range 3 { // more than may run
			a.migrate(lease.Out, vmNumber(n), true)
			b.migrate(lease.In, vmNumber(n), true)
		}
		r := newFakeRun("one", 2, a, b)
		p := r.places.between(migration.Domain{UUID: vmNumber(1)}, trip{vmNumber(1), "a", "b"})
		defer p.end(t.Context())
		if wait, err := p.claim(t.Context()); err != nil || wait.Kind != NoWait {
			t.Errorf("it waits: %v, %v", wait, err)
		}
		if a.question != 2 || b.question != 2 {
			t.Errorf("%d and %d calls about leases", a.question, b.question)
		}
	})
}

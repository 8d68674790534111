package places

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/lease"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// fakeHost is a host that keeps leases in memory, and answers when it likes.
type fakeHost struct {
	name string
	// fails, when not nil, is what each call about leases comes to.
	fails error
	// unreadable, when not nil, is what reading a lease comes to.
	unreadable error

	mu       sync.Mutex
	random   *rand.Rand
	leases   map[string]host.Lease // by name
	says     map[string]string     // by UUID
	out, in  map[string]string     // the migrations that run
	mostOut  int
	mostIn   int
	question int
}

func newFakeHost(name string, seed uint64) *fakeHost {
	return &fakeHost{
		name: name, random: rand.New(rand.NewPCG(seed, 7)),
		leases: map[string]host.Lease{}, says: map[string]string{}, out: map[string]string{}, in: map[string]string{},
	}
}

func (h *fakeHost) Name() string { return h.name }

// fail has calls about leases fail from now on; nil mends them.
func (h *fakeHost) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails = err
}

// call takes some time.
func (h *fakeHost) call(ctx context.Context, what func() error) error {
	h.mu.Lock()
	h.question++
	there, back := time.Duration(h.random.IntN(40))*time.Millisecond, time.Duration(h.random.IntN(40))*time.Millisecond
	h.mu.Unlock()
	if err := wait(ctx, there); err != nil {
		return err
	}
	h.mu.Lock()
	err := h.fails
	if err == nil {
		err = what()
	}
	h.mu.Unlock()
	return errors.Join(err, wait(ctx, back))
}

func (h *fakeHost) TakeLease(ctx context.Context, l host.Lease, description string) error {
	return h.call(ctx, func() error {
		if other, taken := h.leases[l.Name]; taken && other.UUID != l.UUID {
			return host.ErrLeaseTaken
		}
		h.leases[l.Name], h.says[l.UUID] = l, description
		return nil
	})
}

func (h *fakeHost) Leases(ctx context.Context) (all []host.Lease, err error) {
	err = h.call(ctx, func() error {
		all = slices.Collect(maps.Values(h.leases))
		return nil
	})
	return all, err
}

func (h *fakeHost) LeaseDescription(ctx context.Context, l host.Lease) (description *string, err error) {
	err = h.call(ctx, func() error {
		if said, there := h.says[l.UUID]; there {
			description = &said
		}
		return h.unreadable
	})
	return description, err
}

func (h *fakeHost) EndLease(ctx context.Context, l host.Lease) error {
	return h.call(ctx, func() error {
		delete(h.says, l.UUID)
		maps.DeleteFunc(h.leases, func(_ string, other host.Lease) bool { return other.UUID == l.UUID })
		return nil
	})
}

func (h *fakeHost) Incoming(ctx context.Context) (vms map[string]string, err error) {
	return h.running(ctx, func() map[string]string { return h.in })
}

func (h *fakeHost) Outgoing(ctx context.Context, _ map[string]bool) (vms map[string]string, mute []string, err error) {
	vms, err = h.running(ctx, func() map[string]string { return h.out })
	return vms, nil, err
}

// running is asked without regard of fails, which is about leases.
func (h *fakeHost) running(ctx context.Context, which func() map[string]string) (map[string]string, error) {
	h.mu.Lock()
	there, back := time.Duration(h.random.IntN(40))*time.Millisecond, time.Duration(h.random.IntN(40))*time.Millisecond
	h.mu.Unlock()
	if err := wait(ctx, there); err != nil {
		return nil, err
	}
	h.mu.Lock()
	vms := maps.Clone(which())
	h.mu.Unlock()
	return vms, wait(ctx, back)
}

// migrate has a migration run.
func (h *fakeHost) migrate(d lease.Direction, vm string, runs bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	which, most := h.out, &h.mostOut
	if d == lease.In {
		which, most = h.in, &h.mostIn
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
	*Places

	hosts map[string]*fakeHost
}

func newFakeRun(name string, limit int, hosts ...*fakeHost) *fakeRun {
	r := &fakeRun{New(name, hosts, Limits{Outgoing: limit, Incoming: limit}), map[string]*fakeHost{}}
	for _, h := range hosts {
		r.hosts[h.name] = h
	}
	return r
}

// trip is a VM's way from one host to another.
func trip(vm, source, destination string) migration.Subject {
	return migration.Subject{UUID: vm, Name: vm, Source: source, Destination: destination}
}

// move is one of the run's: begun is called when it has its places.
func (r *fakeRun) move(ctx context.Context, t migration.Subject, lasts time.Duration, begun func(), said func(Wait)) error {
	p, err := r.Enter(ctx, t, said)
	if err != nil {
		return err
	}
	defer p.Leave(ctx)
	begun()
	if err := wait(ctx, 300*time.Millisecond); err != nil { // the checks
		return err
	}
	if err := p.Confirm(ctx); err != nil {
		return err
	}
	r.hosts[t.Source].migrate(lease.Out, t.UUID, true)
	r.hosts[t.Destination].migrate(lease.In, t.UUID, true)
	defer r.hosts[t.Source].migrate(lease.Out, t.UUID, false)
	defer r.hosts[t.Destination].migrate(lease.In, t.UUID, false)
	return wait(ctx, lasts)
}

// enter has a move of the VM web enter, which waits for nothing.
func (r *fakeRun) enter(t *testing.T, to migration.Subject) *Place {
	t.Helper()
	to.Name = "web"
	p, err := r.Enter(t.Context(), to, func(w Wait) { t.Errorf("it waits: %s", w) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func silent(Wait) {}

// vmNumber is the UUID of a VM.
func vmNumber(n int) string { return fmt.Sprintf("7a5b1c7e-0000-4000-8000-%012d", n) }

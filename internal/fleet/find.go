package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Find looks for a VM, given by name or UUID, on all hosts. What looks like a UUID
// is one, as virsh has it, and a name only where no host has a VM of that UUID.
// The error is a *NotFoundError only when every host has said that it does not have
// the VM; a host that cannot be asked is an error, or, with UnreachableWarn,
// listed in Location.Unseen. last is the host where it was last seen, or empty:
// among several shut-off definitions it is the home.
func (f *Fleet) Find(ctx context.Context, vm, last string) (Location, error) {
	given, isUUID := ParseUUID(vm)
	if isUUID {
		location, err := f.findUUID(ctx, vm, given, last)
		if !isNotFound(err) {
			return location, err
		}
	}
	uuid, err := f.identify(ctx, vm)
	if err != nil {
		return Location{}, err
	}
	return f.findUUID(ctx, vm, uuid, last)
}

// FindUUID is Find for a VM that is known by its UUID: it ignores VMs that have it as
// their name.
func (f *Fleet) FindUUID(ctx context.Context, uuid, last string) (Location, error) {
	return f.findUUID(ctx, uuid, uuid, last)
}

func isNotFound(err error) bool {
	var notFound *NotFoundError
	return errors.As(err, &notFound)
}

// transitWait is how long to wait for a VM of which only an incoming domain is seen.
const (
	transitWait = 5 * time.Second
	transitPoll = 100 * time.Millisecond
)

func (f *Fleet) findUUID(ctx context.Context, vm, uuid, last string) (Location, error) {
	return trusted(ctx, func() (Location, trust, error) { return f.observe(ctx, vm, uuid, last) })
}

// trusted observes again where the first observation is not to be trusted: the hosts are
// not asked at the same instant, and a VM that moves on in between is seen on
// both, or on neither.
func trusted(ctx context.Context, observe func() (Location, trust, error)) (Location, error) {
	arrival := time.Now().Add(transitWait)
	for times := 1; ; times++ {
		location, trust, err := observe()
		if trust == certain || trust == confirmed && times > 1 || time.Now().After(arrival) {
			return location, err
		}
		if err := wait(ctx, transitPoll); err != nil {
			return Location{}, err
		}
	}
}

// observe asks all hosts once for a VM.
func (f *Fleet) observe(ctx context.Context, vm, uuid, last string) (Location, trust, error) {
	w := f.ask(vm, func(h *host.Host) ([]migration.Domain, error) { return one(h.Domain(ctx, uuid)) })
	unseen, err := unheard(w, f.mayMiss)
	if err != nil {
		return Location{}, certain, err
	}
	if homes, _ := apart(w.Seen()); len(homes) > 1 {
		if err := f.checkApart(ctx, homes); err != nil {
			return Location{}, certain, err
		}
	}
	return locate(w, last, unseen)
}

// mayMiss tells whether a plan may go on without what a host did not say.
func (f *Fleet) mayMiss(err error) bool {
	return f.Tolerates() && errors.Is(err, migration.ErrUnreachable)
}

// ask asks every host for the domains that fit, and notes what each of them said.
func (f *Fleet) ask(vm string, question func(*host.Host) ([]migration.Domain, error)) migration.Whereabouts {
	w := migration.Whereabouts{VM: vm}
	for _, said := range each(f.hosts, func(h *host.Host) []migration.Observation {
		domains, err := question(h)
		if err == nil && len(domains) == 0 {
			err = migration.ErrNoDomain
		}
		if err != nil {
			return []migration.Observation{{Host: h.Name(), Err: err}}
		}
		seen := make([]migration.Observation, len(domains))
		for i, d := range domains {
			seen[i] = migration.Observation{Host: h.Name(), Domain: d}
		}
		return seen
	}) {
		w.Hosts = append(w.Hosts, said...)
	}
	return w
}

// one is the answer of a host that has one domain that fits, or none.
func one(d migration.Domain, err error) ([]migration.Domain, error) {
	return []migration.Domain{d}, err
}

// checkApart makes sure that a VM seen on several hosts was not seen on one host under
// two names, which would look like two copies of it.
func (f *Fleet) checkApart(ctx context.Context, homes []migration.Observation) error {
	hosts := make([]*host.Host, len(homes))
	for i, o := range homes {
		h, err := f.host(o.Host)
		if err != nil {
			return err
		}
		hosts[i] = h
	}
	r := identify(ctx, hosts)
	return cmp.Or(r.same, failure(r.failures()))
}

// Quote lists names in quotes.
func Quote(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/budget"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/definition"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/places"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/preflight"
)

const (
	// DefaultMigrations is how many migrations leave or enter one host at a
	// time, as with oVirt's max_outgoing_migrations and max_incoming_migrations.
	DefaultMigrations = 2
	// MostMigrations is the largest limit: each outgoing migration holds one of
	// libvirtd's 20 workers for as long as it lasts, and a host whose workers
	// are all taken can no longer be asked to abort.
	MostMigrations = 15
)

// Config is what a fleet is made of.
type Config struct {
	Hosts       []host.Config
	Unreachable Unreachable
	// MaxOutgoing and MaxIncoming limit the migrations of each host, 1 to
	// MostMigrations.
	MaxOutgoing, MaxIncoming int
	// Budgets are what the link of a host may carry of migrations, in MiB/s, by its name; no entry
	// for no limit.
	Budgets map[string]int64
	// Changes are what VMs find called otherwise on a host, by its name.
	Changes map[string]definition.Changes
}

// Fleet is all hosts of one provider configuration. It is safe for concurrent
// use.
type Fleet struct {
	// run names the run of the provider that the fleet is of.
	run         string
	hosts       []*host.Host // sorted by name
	unreachable Unreachable
	places      *places.Places
	budgets     *budget.Links
	wishes      wishes
	promises    *promises
	shunned     *shunned
	changes     map[string]definition.Changes    // of moves to each host, by its name
	shared      map[*host.Host]*preflight.Shared // what checks know of each host

	census  latestCensus
	records *recordLocks // held by who changes a record

	measured measurements

	// What a choice of hosts is made by, beside what they say each time.
	loads    loads
	backings backings
	groups   groups

	// shutDownWithin is how long a guest may take to shut down.
	shutDownWithin time.Duration

	mu       sync.Mutex
	reported map[string]bool // hosts that were reported as down
}

// New reads the configuration of every host and dials none. The error is a
// *host.ConfigError when one of them cannot be right.
func New(config Config) (*Fleet, error) {
	f := &Fleet{
		run:            newRun(),
		unreachable:    config.Unreachable,
		changes:        config.Changes,
		budgets:        budget.New(config.Budgets),
		promises:       newPromises(),
		shunned:        newShunned(),
		reported:       map[string]bool{},
		records:        newRecordLocks(),
		measured:       measurements{all: map[string]*measuring{}},
		wishes:         wishes{of: map[string]Wanted{}},
		shared:         map[*host.Host]*preflight.Shared{},
		shutDownWithin: shutDownWithin,
	}
	logins := host.NewLoginTurns()
	for _, c := range config.Hosts {
		h, err := host.New(c, host.WithLoginTurns(logins))
		if err != nil {
			return nil, err
		}
		f.hosts = append(f.hosts, h)
		f.shared[h] = preflight.Share(h)
	}
	slices.SortFunc(f.hosts, byName)
	ports := map[string]uint16{}
	for _, h := range f.hosts {
		ports[h.Name()] = h.MigrationPort()
	}
	f.places = places.New(f.run, f.hosts, places.Limits{
		Outgoing: config.MaxOutgoing, Incoming: config.MaxIncoming, Ports: ports,
	})
	return f, nil
}

// Validate returns an error for each field of a host that is invalid, or that cannot be
// right where there are other hosts, in the order of the hosts.
func Validate(hosts []host.Config) []*host.ConfigError {
	var errs []*host.ConfigError
	for _, h := range hosts {
		errs = append(errs, h.Validate()...)
		if len(hosts) > 1 {
			errs = append(errs, h.Loopbacks()...)
		}
	}
	return errs
}

func byName(a, b *host.Host) int { return cmp.Compare(a.Name(), b.Name()) }

// alone waits until nobody else in this process changes the record that the names stand
// for; release lets the next one change it.
func (f *Fleet) alone(ctx context.Context, names ...string) (release func(), err error) {
	return f.records.acquire(ctx, Quote(names))
}

// Drain lets the moves that are under way go on and starts no more: one that waits for
// a place, or comes later, fails with places.ErrDraining.
func (f *Fleet) Drain() { f.places.Drain() }

// Close closes every connection. The error says what could not be ended.
func (f *Fleet) Close() error {
	return errors.Join(each(f.hosts, func(h *host.Host) error { return h.Close() })...)
}

// Names lists the hosts, sorted.
func (f *Fleet) Names() []string {
	names := make([]string, len(f.hosts))
	for i, h := range f.hosts {
		names[i] = h.Name()
	}
	return names
}

// Tolerates tells whether an unreachable host is only worth a warning.
func (f *Fleet) Tolerates() bool { return f.unreachable == UnreachableWarn }

// UnknownHostError is a host name that the provider's configuration lacks.
type UnknownHostError struct {
	Name string
	// Known are the names it has.
	Known []string
}

func (e *UnknownHostError) Error() string {
	return fmt.Sprintf("the provider's configuration has no host %q; it has %s", e.Name, Quote(e.Known))
}

// Check says whether the fleet has a host of that name; the error is an
// *UnknownHostError.
func (f *Fleet) Check(name string) error {
	_, err := f.host(name)
	return err
}

func (f *Fleet) host(name string) (*host.Host, error) {
	for _, h := range f.hosts {
		if h.Name() == name {
			return h, nil
		}
	}
	return nil, &UnknownHostError{Name: name, Known: f.Names()}
}

// each asks all hosts at once and returns their answers in the hosts' order.
func each[H, T any](hosts []H, ask func(H) T) []T {
	answers := make([]T, len(hosts))
	var wg sync.WaitGroup
	for i, h := range hosts {
		wg.Go(func() { answers[i] = ask(h) })
	}
	wg.Wait()
	return answers
}

// tryEach is each for questions that may fail: the errors are in the hosts' order, too, nil where there is an answer.
func tryEach[H, T any](hosts []H, ask func(H) (T, error)) (answers []T, errs []error) {
	answers, errs = make([]T, len(hosts)), make([]error, len(hosts))
	var wg sync.WaitGroup
	for i, h := range hosts {
		wg.Go(func() { answers[i], errs[i] = ask(h) })
	}
	wg.Wait()
	return answers, errs
}

// wait lets time pass, unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return context.Cause(ctx)
}

// named are the hosts of the given names, sorted, and the names that the fleet
// does not have.
func (f *Fleet) named(names []string) (hosts []*host.Host, dropped []string) {
	for _, name := range slices.Sorted(slices.Values(names)) {
		if h, err := f.host(name); err == nil {
			hosts = append(hosts, h)
		} else {
			dropped = append(dropped, name)
		}
	}
	return hosts, dropped
}

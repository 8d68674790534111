package fleet

import (
	"errors"
	"slices"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Unreachable says what becomes of a plan when a host cannot be reached.
type Unreachable string

// The values of Unreachable.
const (
	// UnreachableError fails the plan.
	UnreachableError Unreachable = "error"
	// UnreachableWarn lets the plan go on with what is known of the host.
	UnreachableWarn Unreachable = "warn"
)

// HostsDownError is a question that could not be answered because hosts could
// not be reached, and for no other reason.
type HostsDownError struct {
	Hosts []string
	// Errs says why, host by host.
	Errs []error
}

func (e *HostsDownError) Error() string { return errors.Join(e.Errs...).Error() }

func (e *HostsDownError) Unwrap() []error { return e.Errs }

// Silent are the names of the hosts that did not answer, sorted.
func Silent(errs []error) []string {
	var names []string
	for _, err := range errs {
		var e *host.Error
		if errors.As(err, &e) {
			names = append(names, e.Host)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// failure is the error of hosts that did not answer; nil when all did, which have none of errs, or nil.
func failure(errs []error) error {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	down := &HostsDownError{Errs: errs}
	for _, err := range errs {
		var e *host.Error
		if !errors.As(err, &e) || !errors.Is(err, migration.ErrUnreachable) {
			return errors.Join(errs...)
		}
		down.Hosts = append(down.Hosts, e.Host)
	}
	if len(errs) == 0 {
		return nil
	}
	return down
}

// News tells whether any of the hosts has not been reported as down before. Every VM and
// every record needs all of the hosts, and a plan of a hundred must not say a hundred
// times that one of them is down.
func (f *Fleet) News(e *HostsDownError) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	news := false
	for _, name := range e.Hosts {
		if !f.reported[name] {
			f.reported[name] = true
			news = true
		}
	}
	return news
}

// Unanswered divides hosts that did not answer by what becomes of them: unseen are those that
// a plan goes on without, and the error is that of the others.
func (f *Fleet) Unanswered(errs []error) (unseen []error, err error) {
	if f.tolerable(errs) {
		return errs, nil
	}
	return nil, failure(errs)
}

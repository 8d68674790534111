package migration

import (
	"context"
	"errors"
	"sync"
)

// Observation is what one host said of a domain when it was last asked.
type Observation struct {
	// Host is the host's name.
	Host string
	// Domain holds when Err is nil.
	Domain Domain
	// Err matches ErrNoDomain when the host answered that it has no such
	// domain. Any other error means that it is not known.
	Err error
}

// Known tells whether the host answered.
func (o Observation) Known() bool { return o.Err == nil || o.absent() }

// Is tells whether the domain was seen in one of the states.
func (o Observation) Is(states ...DomainState) bool {
	if o.Err != nil {
		return false
	}
	for _, state := range states {
		if o.Domain.State == state {
			return true
		}
	}
	return false
}

// Gone tells whether no process holds the domain there, as the host itself
// said: there is none, or no more than a definition.
func (o Observation) Gone() bool {
	return o.absent() || o.Err == nil && !o.Domain.Active()
}

// stuck tells whether the domain's QEMU does not answer libvirt.
func (o Observation) stuck() bool { return o.Err == nil && o.Domain.Unresponsive }

// Defined tells whether the host keeps a definition of a domain that does not
// run there.
func (o Observation) Defined() bool { return o.Err == nil && !o.Domain.Active() }

// Running tells whether the guest runs there, in post-copy or not.
func (o Observation) Running() bool { return o.Is(StateRunning, StatePostCopy) }

// absent tells whether the host itself said that it does not have the domain.
func (o Observation) absent() bool { return errors.Is(o.Err, ErrNoDomain) }

// Migrated tells whether the host keeps no more than the definition of a domain
// that was migrated to another one.
func (o Observation) Migrated() bool { return o.Defined() && o.Domain.Reason == ReasonMigrated }

// Whereabouts is what hosts said of one VM when they were asked at once.
type Whereabouts struct {
	// VM is the name or UUID that was asked for.
	VM string
	// Hosts is what each of them said.
	Hosts []Observation
	// Untouched is true when nothing was done to the VM: a definition of one that does
	// not run is then where it is.
	Untouched bool
	// BoundFor is the destination of a migration that may still be under way; empty where
	// none is.
	BoundFor string
}

// Silent lists the hosts that did not answer.
func (w Whereabouts) Silent() []string {
	var silent []string
	for _, o := range w.Hosts {
		if !o.Known() {
			silent = append(silent, o.Host)
		}
	}
	return silent
}

// Seen are the observations of hosts that have the VM.
func (w Whereabouts) Seen() []Observation {
	var seen []Observation
	for _, o := range w.Hosts {
		if o.Err == nil {
			seen = append(seen, o)
		}
	}
	return seen
}

// observe asks both hosts at once where the domain is.
func (r Request) observe(ctx context.Context) (source, destination Observation) {
	ctx, cancel := context.WithTimeout(ctx, observeDeadline)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { source = observe(ctx, r.Source, r.UUID) })
	both.Go(func() { destination = observe(ctx, r.Destination, r.UUID) })
	both.Wait()
	return source, destination
}

func observe(ctx context.Context, host Host, uuid string) Observation {
	d, err := host.Domain(ctx, uuid)
	return Observation{Host: host.Name(), Domain: d, Err: err}
}

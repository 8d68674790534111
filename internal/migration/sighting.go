package migration

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Sighting is what one host said of the domain when it was last asked.
type Sighting struct {
	// Host is the host's name.
	Host string
	// Domain holds when Err is nil.
	Domain Domain
	// Err matches ErrNoDomain when the host answered that it has no such
	// domain. Any other error means that it is not known.
	Err error
}

// Known tells whether the host answered.
func (s Sighting) Known() bool { return s.Err == nil || errors.Is(s.Err, ErrNoDomain) }

// Is tells whether the domain was seen in one of the states.
func (s Sighting) Is(states ...DomainState) bool {
	if s.Err != nil {
		return false
	}
	for _, state := range states {
		if s.Domain.State == state {
			return true
		}
	}
	return false
}

// Gone tells whether no process holds the domain there, as the host itself
// said: there is none, or no more than a definition.
func (s Sighting) Gone() bool {
	return errors.Is(s.Err, ErrNoDomain) || s.Err == nil && !s.Domain.Active()
}

// held says how a guest is held that does not run there.
func (s Sighting) held() string {
	if s.Is(StateAsleep) {
		return s.Domain.State.String()
	}
	return StatePaused.String()
}

// stuck tells whether the domain's QEMU does not answer libvirt.
func (s Sighting) stuck() bool { return s.Err == nil && s.Domain.Unresponsive }

// Defined tells whether the host keeps a definition of a domain that does not
// run there.
func (s Sighting) Defined() bool { return s.Err == nil && !s.Domain.Active() }

// migrated tells whether the host keeps no more than the definition of a domain
// that was migrated to another one.
func (s Sighting) migrated() bool { return s.Defined() && s.Domain.Reason == ReasonMigrated }

// look asks both hosts at once where the domain is.
func (r Request) look(ctx context.Context, deadline time.Duration) (source, destination Sighting) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	var both sync.WaitGroup
	both.Go(func() { source = sight(ctx, r.Source, r.UUID) })
	both.Go(func() { destination = sight(ctx, r.Destination, r.UUID) })
	both.Wait()
	return source, destination
}

func sight(ctx context.Context, host Host, uuid string) Sighting {
	d, err := host.Domain(ctx, uuid)
	return Sighting{Host: host.Name(), Domain: d, Err: err}
}

package fleet

import (
	"errors"
	"fmt"
	"strings"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// NotFoundError is a VM that no host has, every one having been asked.
type NotFoundError struct {
	VM    string
	Hosts []string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no host has a VM %q (asked: %s)", e.VM, Quote(e.Hosts))
}

// UnseenError is a VM that was not found while some hosts could not be asked:
// it may be there, so it is not gone.
type UnseenError struct {
	Seen   migration.Whereabouts
	Unseen []error
}

func (e *UnseenError) Error() string {
	return fmt.Sprintf("it cannot be known where VM %q is: %v", e.Seen.VM, errors.Join(e.Unseen...))
}

// Unwrap gives why each host could not be asked.
func (e *UnseenError) Unwrap() []error { return e.Unseen }

// Whereabouts is what the hosts said.
func (e *UnseenError) Whereabouts() migration.Whereabouts { return e.Seen }

// ObservationError is a VM of which a host gave no observation, and so may be
// anywhere else than where it was seen, too.
type ObservationError struct {
	Seen migration.Whereabouts
	// Err is a *HostsDownError when no other than unreachable hosts are the reason.
	Err error
}

func (e *ObservationError) Error() string { return e.Err.Error() }

// Unwrap gives why.
func (e *ObservationError) Unwrap() error { return e.Err }

// Whereabouts is what the hosts said.
func (e *ObservationError) Whereabouts() migration.Whereabouts { return e.Seen }

// InTransitError is a VM of which only what a migration holds is seen, an incoming
// domain or the source of a post-copy: the host that it comes from or goes to is not
// among the fleet's.
type InTransitError struct {
	VM   string
	Seen []migration.Observation
}

func (e *InTransitError) Error() string {
	seen := make([]string, len(e.Seen))
	for i, s := range e.Seen {
		seen[i] = fmt.Sprintf("on %s it is %s", s.Host, s.Domain.State)
	}
	return fmt.Sprintf("VM %q is in the middle of a migration whose other end is none of the provider's hosts: %s",
		e.VM, strings.Join(seen, ", "))
}

// AmbiguousNameError is a name that fits VMs with different UUIDs.
type AmbiguousNameError struct {
	Name string
	Seen []migration.Observation
}

func (e *AmbiguousNameError) Error() string {
	found := make([]string, len(e.Seen))
	for i, s := range e.Seen {
		found[i] = fmt.Sprintf("%s on %s", s.Domain.UUID, s.Host)
	}
	return fmt.Sprintf("the name %q fits different VMs: %s", e.Name, strings.Join(found, ", "))
}

// RunningTwiceError is a VM that runs on more than one host, or is active on
// more than one and runs on none.
type RunningTwiceError struct {
	Name, UUID string
	// Running are the hosts that run it, Stopped those on which it is active but
	// does not run: it is paused there, say.
	Running, Stopped []string
}

func (e *RunningTwiceError) Error() string {
	switch {
	case len(e.Running) == 0:
		return fmt.Sprintf("VM %s (%s) runs nowhere, and is paused or crashed on more than one host: %s",
			e.Name, e.UUID, Quote(e.Stopped))
	case len(e.Stopped) == 0:
		return fmt.Sprintf("VM %s (%s) runs on more than one host: %s", e.Name, e.UUID, Quote(e.Running))
	default:
		return fmt.Sprintf("VM %s (%s) runs on more than one host: %s; a copy that does not run is on %s",
			e.Name, e.UUID, Quote(e.Running), Quote(e.Stopped))
	}
}

// BrokenPostCopyError is a VM whose migration lost its link in post-copy: each
// of the two hosts holds memory that the other one lacks.
type BrokenPostCopyError struct {
	Name, UUID string
	Hosts      []string
}

func (e *BrokenPostCopyError) Error() string {
	return fmt.Sprintf("the post-copy migration of VM %s (%s) has failed, and each of %s holds a part of its memory",
		e.Name, e.UUID, Quote(e.Hosts))
}

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/terraform-provider-virt/terraform-provider-virt/internal/host"
	"github.com/terraform-provider-virt/terraform-provider-virt/internal/migration"
)

// Location is where a VM is.
type Location struct {
	// Host is its one home: the host that runs it, or keeps its definition when
	// it is shut off.
	Host   string
	Domain migration.Domain
	// Leftovers are other hosts that keep a shut-off definition of the VM.
	Leftovers []string
	// Paused are other hosts that hold a paused copy of the VM, while it runs on
	// its home: the half that a migration leaves behind for a moment, or for
	// good when it was cut off at its end.
	Paused []string
	// FetchesFrom is the host that still has a part of the VM's memory, while it
	// runs on its home in post-copy; empty when there is none.
	FetchesFrom string
	// Receiving are hosts that hold the receiving half of a migration of the VM.
	Receiving []string
	// Unseen are hosts that could not be asked; only with UnreachableWarn.
	Unseen []error
}

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
	Look
	Unseen []error
}

func (e *UnseenError) Error() string {
	return fmt.Sprintf("it can not be known where VM %q is: %v", e.VM, errors.Join(e.Unseen...))
}

func (e *UnseenError) Unwrap() []error { return e.Unseen }

// InTransitError is a VM of which only halves of a migration are seen: the host
// that it comes from or goes to is not among the fleet's.
type InTransitError struct {
	VM     string
	Halves []Sighting
}

func (e *InTransitError) Error() string {
	seen := make([]string, len(e.Halves))
	for i, s := range e.Halves {
		seen[i] = fmt.Sprintf("on %s it is %s", s.Host, s.Domain.State)
	}
	return fmt.Sprintf("VM %q is in the middle of a migration whose other end is none of the provider's hosts: %s", e.VM, strings.Join(seen, ", "))
}

// Sighting is a VM as one host sees it.
type Sighting struct {
	Host   string
	Domain migration.Domain
}

func (s Sighting) active() bool { return s.Domain.Active() }

func (s Sighting) running() bool {
	return s.Domain.State == migration.StateRunning || s.Domain.State == migration.StatePostCopy
}

// AmbiguousNameError is a name that fits VMs with different UUIDs.
type AmbiguousNameError struct {
	Name      string
	Sightings []Sighting
}

func (e *AmbiguousNameError) Error() string {
	found := make([]string, len(e.Sightings))
	for i, s := range e.Sightings {
		found[i] = fmt.Sprintf("%s on %s", s.Domain.UUID, s.Host)
	}
	return fmt.Sprintf("the name %q fits different VMs: %s", e.Name, strings.Join(found, ", "))
}

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

// FindUUID is Find for a VM that is known by its UUID: none that is merely named
// so is taken for it.
func (f *Fleet) FindUUID(ctx context.Context, uuid, last string) (Location, error) {
	return f.findUUID(ctx, uuid, uuid, last)
}

func isNotFound(err error) bool {
	var notFound *NotFoundError
	return errors.As(err, &notFound)
}

// findUUID looks again where the first look is not to be trusted: the hosts are
// not asked at the same instant, and a VM that moves on in between is seen on
// both, or on neither.
func (f *Fleet) findUUID(ctx context.Context, vm, uuid, last string) (Location, error) {
	arrival := time.Now().Add(transitWait)
	for looks := 1; ; looks++ {
		location, trust, err := f.locate(ctx, vm, uuid, last)
		if trust == certain || trust == confirmed && looks > 1 || time.Now().After(arrival) {
			return location, err
		}
		if err := wait(ctx, transitPoll); err != nil {
			return Location{}, err
		}
	}
}

// trust is how far one look at all hosts can be relied on.
type trust int

const (
	// certain is what one look tells.
	certain trust = iota
	// confirmed is what is true once it was seen twice.
	confirmed
	// passing is what ends by itself: the moment of a migration in which only its
	// halves are seen, between the VM's end here and its start there.
	passing
)

// transitWait is how long a VM is waited for of which only halves of a migration
// are seen.
const (
	transitWait = 5 * time.Second
	transitPoll = 100 * time.Millisecond
)

// locate asks all hosts once for a VM.
func (f *Fleet) locate(ctx context.Context, vm, uuid, last string) (Location, trust, error) {
	look, unseen, err := f.look(vm, func(h *host.Host) (migration.Domain, error) { return h.Domain(ctx, uuid) })
	if err != nil {
		return Location{}, certain, err
	}
	homes, halves := apart(look.Seen)
	switch {
	case slices.ContainsFunc(homes, Sighting.active), len(halves) == 0 && len(homes) > 0 && !leftBehind(homes, last, look.Silent):
		location, err := f.place(ctx, homes, last, unseen)
		location.FetchesFrom, location.Receiving = postCopySource(halves), receiving(halves)
		var twice *RunningTwiceError
		if errors.As(err, &twice) {
			return location, confirmed, err
		}
		return location, certain, err
	case len(unseen) > 0:
		return Location{}, certain, &UnseenError{Look: look, Unseen: unseen}
	case len(halves) == 0:
		return Location{}, confirmed, &NotFoundError{VM: vm, Hosts: f.Names()}
	default:
		return Location{}, passing, &InTransitError{VM: vm, Halves: halves}
	}
}

// leftBehind tells whether definitions that are shut off may be what a VM has left
// behind that is on a host which cannot be asked: it was last seen there, or libvirt
// says that it was migrated away.
func leftBehind(homes []Sighting, last string, silent []string) bool {
	migrated := func(s Sighting) bool { return s.Domain.Reason == migration.ReasonMigrated }
	all := !slices.ContainsFunc(homes, func(s Sighting) bool { return !migrated(s) })
	return len(silent) > 0 && (all || slices.Contains(silent, last))
}

// apart tells where a VM lives from where it only is while it migrates.
func apart(sightings []Sighting) (homes, halves []Sighting) {
	for _, s := range sightings {
		if s.Domain.State == migration.StateIncoming || s.Domain.State == migration.StatePostCopySource {
			halves = append(halves, s)
		} else {
			homes = append(homes, s)
		}
	}
	return homes, halves
}

// postCopySource is the host that a migration in post-copy comes from.
func postCopySource(halves []Sighting) string {
	for _, s := range halves {
		if s.Domain.State == migration.StatePostCopySource {
			return s.Host
		}
	}
	return ""
}

// receiving are the hosts that hold a receiving half.
func receiving(halves []Sighting) []string {
	var hosts []string
	for _, s := range halves {
		if s.Domain.State == migration.StateIncoming {
			hosts = append(hosts, s.Host)
		}
	}
	return hosts
}

// place picks the VM's home among the hosts that have it.
func (f *Fleet) place(ctx context.Context, sightings []Sighting, last string, unseen []error) (Location, error) {
	if err := f.checkApart(ctx, sightings); err != nil {
		return Location{}, err
	}
	home, err := home(sightings, last)
	if err != nil {
		return Location{}, err
	}
	location := Location{Host: home.Host, Domain: home.Domain, Unseen: unseen}
	for _, s := range sightings {
		switch {
		case s.Host == home.Host:
		case s.Domain.Active():
			location.Paused = append(location.Paused, s.Host)
		default:
			location.Leftovers = append(location.Leftovers, s.Host)
		}
	}
	return location, nil
}

// Quote lists names for a sentence.
func Quote(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}
